-- Reads the log without a turn, for a server that has nothing to write.
local p, epoch, at = ARGV[1], ARGV[2], ARGV[3]
if (redis.call('GET', p .. 'epoch') or '') ~= epoch then return {'anew'} end
local log = redis.call('XRANGE', p .. 'log', '(' .. at .. '-0', '+')
if #log ~= tonumber(redis.call('GET', p .. 'head') or '0') - tonumber(at) then return {'anew'} end
local out = {'turn'}
for i = 1, #log do out[i + 1] = log[i][2][2] end
return out
