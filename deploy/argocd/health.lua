-- Health of a KafkaPrivateLink for Argo CD, by the rules of kstatus: `Stalled` and `Reconciling` are there only while they
-- are True, and a status that is behind its object says nothing.

local function condition(kind)
  for _, each in ipairs(obj.status.conditions or {}) do
    if each.type == kind then
      return each
    end
  end
end

local function health(status, why)
  return { status = status, message = why }
end

if obj.status == nil or obj.status.conditions == nil then
  if obj.metadata.deletionTimestamp ~= nil then
    return health("Progressing", "deleting")
  end
  return health("Progressing", "the operator has not looked at it yet")
end

local ready, stalled, reconciling = condition("Ready"), condition("Stalled"), condition("Reconciling")

-- Argo CD calls everything with a deletionTimestamp Progressing; what matters is what is waited for.
if obj.metadata.deletionTimestamp ~= nil then
  local on = stalled or reconciling or ready
  return health("Progressing", "deleting: " .. (on and on.message or "not looked at yet"))
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator has not looked at the latest change yet")
end
if stalled ~= nil and stalled.status == "True" then
  return health("Degraded", stalled.reason .. ": " .. stalled.message)
end
if reconciling ~= nil and reconciling.status == "True" then
  return health("Progressing", reconciling.reason .. ": " .. reconciling.message)
end
if ready ~= nil and ready.status == "True" then
  return health("Healthy", ready.message)
end
-- To look is all that was asked for: what is missing in AWS is no trouble of this object.
if obj.spec.mode == "Observe" and ready ~= nil then
  return health("Healthy", "only observed: " .. ready.message)
end
return health("Progressing", ready and ready.message or "the operator has not said whether it is ready")
