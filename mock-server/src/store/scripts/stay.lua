-- Extends the turn of the server that has it.
local p, me, ms = ARGV[1], ARGV[2], ARGV[3]
if redis.call('GET', p .. 'turn') == me then redis.call('PEXPIRE', p .. 'turn', ms) end
return 'ok'
