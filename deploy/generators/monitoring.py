"""The chart's copies of alerts and dashboard: Helm reads files of the chart alone."""
from . import dashboard

FOLDER = "charts/kafka-privatelink-operator/files"


def files(root, helm):
    board = dashboard.files(root, helm)
    rules = (root / "deploy/monitoring/rules.yaml").read_text()
    return {**board, f"{FOLDER}/dashboard.json": board[dashboard.FILE], f"{FOLDER}/rules.yaml": rules}
