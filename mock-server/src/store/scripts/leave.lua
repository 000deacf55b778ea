-- Writes what has changed, and gives the turn on. A server whose turn has been taken from it
-- writes nothing.
local p, me, keep, epoch, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('GET', p .. 'turn') ~= me then return 'lost' end
if epoch ~= '' then
  redis.call('SET', p .. 'epoch', epoch)
  redis.call('DEL', p .. 'head', p .. 'log')
end
local head = redis.call('GET', p .. 'head') or '0'
if entry ~= '' then
  head = redis.call('INCR', p .. 'head')
  redis.call('XADD', p .. 'log', 'MAXLEN', '~', keep, head .. '-0', 'entry', entry)
end
local i = 6
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
redis.call('DEL', p .. 'turn')
if entry ~= '' then redis.call('PUBLISH', p .. 'news', head) end
return tostring(head)
