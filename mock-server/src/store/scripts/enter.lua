-- Takes the turn, and reads the log from this server's position. The server that had the last turn
-- lets a waiting one go first.
local p, me, ms, epoch, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local want = redis.call('GET', p .. 'want')
if want and want ~= me and redis.call('GET', p .. 'last') == me then return {'busy'} end
if not redis.call('SET', p .. 'turn', me, 'NX', 'PX', ms) then
  if not want then redis.call('SET', p .. 'want', me, 'PX', 50) end
  return {'busy'}
end
if want == me then redis.call('DEL', p .. 'want') end
redis.call('SET', p .. 'last', me)
local now = redis.call('GET', p .. 'epoch') or ''
local head = tonumber(redis.call('GET', p .. 'head') or '0')
if now ~= epoch then return {'anew', now, tostring(head)} end
local log = redis.call('XRANGE', p .. 'log', '(' .. at .. '-0', '+')
if #log ~= head - tonumber(at) then return {'anew', now, tostring(head)} end
local out = {'turn'}
for i = 1, #log do out[i + 1] = log[i][2][2] end
return out
