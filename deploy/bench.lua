-- Payouts to the provider, each with a reference of its own: what wrk sends for bench.py.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-API-KEY"] = os.getenv("ASPAYDS_API_KEY")
wrk.headers["X-API-SECRET"] = os.getenv("ASPAYDS_API_SECRET")
local path = wrk.path .. "/payout/request"
local count = 0

function request()
    count = count + 1
    local body = '{"transaction_reference":"W' .. count .. '","payout_method_id":1,"amount":500,'
        .. '"recipient_name":"Rahim Uddin","recipient_account":"01712345678"}'
    return wrk.format(nil, path, nil, body)
end
