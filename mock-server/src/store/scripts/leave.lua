-- Writes the changes, and ends the turn, or keeps it for some milliseconds if more follows. A server
-- that has lost its turn writes nothing.
local p, me, keep, epoch, entry = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local most, stays = tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('GET', p .. 'turn') ~= me then return 'lost' end
if epoch ~= '' then
  redis.call('SET', p .. 'epoch', epoch)
  redis.call('DEL', p .. 'head', p .. 'log', p .. 'bytes')
end
local head = redis.call('GET', p .. 'head') or '0'
if entry ~= '' then
  local log = p .. 'log'
  -- If Redis has evicted the key, the log itself says how far it goes.
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local known = last and tonumber(string.match(last[1], '^%d+')) or 0
  head = string.format('%.0f', math.max(tonumber(head), known) + 1)
  redis.call('SET', p .. 'head', head)
  local bytes = tonumber(redis.call('GET', p .. 'bytes'))
  if not bytes then
    bytes = 0
    for _, one in ipairs(redis.call('XRANGE', log, '-', '+')) do bytes = bytes + #one[2][2] end
  end
  redis.call('XADD', log, head .. '-0', 'entry', entry)
  bytes = bytes + #entry
  local count = redis.call('XLEN', log)
  while count > 1 and (count > keep or bytes > most) do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    bytes = bytes - #oldest[2][2]
    redis.call('XDEL', log, oldest[1])
    count = count - 1
  end
  redis.call('SET', p .. 'bytes', string.format('%.0f', bytes))
end
local i = 8
while ARGV[i] do
  local op, name, of, field = ARGV[i], p .. ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local rows = name
  if of ~= '' then rows = name .. ':row:' .. of end
  if op == 'put' then
    redis.call('HSET', rows, field, ARGV[i + 4])
    if of ~= '' then redis.call('SADD', name .. ':of', of) end
  elseif op == 'remove' then
    redis.call('HDEL', rows, field)
  elseif op == 'all' then
    redis.call('DEL', rows)
    redis.call('SREM', name .. ':of', of)
  else
    for _, each in ipairs(redis.call('SMEMBERS', name .. ':of')) do
      redis.call('DEL', name .. ':row:' .. each)
    end
    redis.call('DEL', name, name .. ':of')
  end
  i = i + 5
end
if stays > 0 then
  redis.call('PEXPIRE', p .. 'turn', stays)
  return tostring(head)
end
redis.call('DEL', p .. 'turn')
if entry ~= '' or epoch ~= '' then redis.call('PUBLISH', p .. 'news', head) end
return tostring(head)
