//! Whose credentials answer.

use kpl_core::model::{Account, AccountId, Failure, Partition};

use super::call::incomplete;
use super::{Clients, operation};

pub(super) async fn account(aws: &Clients) -> Result<Account, Failure> {
    let operation = operation::GET_CALLER_IDENTITY;
    let answer = aws.read(operation, aws.sts.get_caller_identity().send()).await?;
    let id = answer.account().ok_or_else(|| incomplete(operation, "the account"))?;
    // arn:aws-cn:sts::…
    let partition = answer.arn().and_then(|arn| arn.split(':').nth(1)).filter(|partition| !partition.is_empty());
    let partition = partition.ok_or_else(|| incomplete(operation, "an ARN"))?;
    Ok(Account { id: AccountId::new(id), partition: Partition::new(partition) })
}
