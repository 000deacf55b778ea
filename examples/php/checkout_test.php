<?php // A shop's checkout with Flexiti, from the token to the notification, with what goes wrong.

/** Sends a request; returns status and body. */
function send(string $method, string $url, ?string $body = null, array $headers = []): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CUSTOMREQUEST => $method, CURLOPT_TIMEOUT => 10,
        CURLOPT_HTTPHEADER => $headers] + ($body === null ? [] : [CURLOPT_POSTFIELDS => $body]));
    $text = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), json_decode((string) $text, true)];
}

/** The shop's client: keeps a token, gets another when it has ended, and retries what failed. */
class Flexiti
{
    private ?string $token = null;

    public function call(string $method, string $path, ?array $cart = null, int $retries = 1): array
    {
        $this->token ??= $this->newToken();
        [$status, $answer] = send($method, getenv('FLEXITI_BASE_URL') . $path, $cart ? json_encode($cart) : null,
            ["authorization: Bearer $this->token", 'content-type: application/json', 'x-reference-id: ' . bin2hex(random_bytes(16))]);
        if ($status < 400) return $answer;
        if ($retries === 0 || !in_array($status, [401, 503])) throw new RuntimeException("$path: $status");
        if ($status === 401) $this->token = null;
        return $this->call($method, $path, $cart, $retries - 1);
    }

    private function newToken(): string
    {
        $keys = ['client_id' => getenv('FLEXITI_CLIENT_ID'), 'client_secret' => getenv('FLEXITI_CLIENT_SECRET')];
        return send('POST', getenv('FLEXITI_BASE_URL') . '/oauth/token', http_build_query(['grant_type' => 'client_credentials'] + $keys),
            ['x-reference-id: ' . bin2hex(random_bytes(16))])[1]['access_token'];
    }
}

/** Steers the mock. */
function admin(string $method, string $path, ?array $body = null): array
{
    [$status, $answer] = send($method, getenv('FLEXITI_ADMIN_URL') . $path, $body ? json_encode($body) : null);
    return $status < 400 ? $answer : throw new RuntimeException("$path: $status: " . ($answer['message'] ?? $answer['error']));
}

[$id, $flexiti] = [getenv('FLEXITI_CLIENT_ID'), new Flexiti()];
// The first init is answered 503; the shop sends it again with the same token.
admin('PUT', "/merchants/$id/faults", ['faults' => [['match' => ['endpoint' => 'init'], 'action' => ['type' => 'status', 'status' => 503]]]]);
$address = ['first_name' => 'Elodie', 'last_name' => 'Gagnon', 'address_1' => '1 rue Saint-Paul', 'address_2' => 'app. 3',
    'city' => 'Montreal', 'province' => 'QC', 'postal_code' => 'H2Y1C6'];
$order = $flexiti->call('POST', "/online/v2/client-id/$id/systems/init", ['lang' => 'fr', 'flow' => 'apply/buy', 'amount_requested' => 499.99,
    'merchant_orderid' => 'CART-1', 'billing_information' => $address, 'shipping_information' => $address])['online_order_id'];
admin('POST', '/requests/verify', ['client_id' => $id, 'match' => ['endpoint' => 'init', 'params' => ['lang' => 'fr']], 'times' => 2]);
// The customer buys, and takes longer than the token lives.
admin('POST', "/orders/$order/complete", ['outcome' => 'purchased']);
admin('PUT', "/merchants/$id/clock", ['advance_ms' => 21 * 60_000]);
$notification = $flexiti->call('GET', "/online/client-id/$id/notifications/order-id/$order");
$findings = admin('GET', "/merchants/$id/lint")['findings'];
($notification['purchase']['status'] === 'Success' && $findings === []) || exit(print_r([$notification, $findings], true) . "failed\n");
echo "ok: order $order was bought\n";
