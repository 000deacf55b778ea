// A shop's checkout with Flexiti, from the token to the notification, with what goes wrong.
import java.net.URI;
import java.net.http.*;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.*;

public class CheckoutTest {
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static final String BASE = System.getenv("FLEXITI_BASE_URL"), ID = System.getenv("FLEXITI_CLIENT_ID"),
            SECRET = System.getenv("FLEXITI_CLIENT_SECRET"), ADMIN = System.getenv("FLEXITI_ADMIN_URL");
    static final String JSON = "application/json", FORM = "application/x-www-form-urlencoded";
    static String token; // The shop keeps it, gets another when it has ended, and retries what failed.

    static HttpResponse<String> send(String method, String url, String type, String bearer, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10)).header("content-type", type)
                .header("x-reference-id", UUID.randomUUID().toString().replace("-", ""))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (bearer != null) request.header("authorization", "Bearer " + bearer);
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    static String call(String method, String path, String body, int retries) throws Exception {
        var keys = "grant_type=client_credentials&client_id=" + ID + "&client_secret=" + SECRET;
        if (token == null) token = field(send("POST", BASE + "/oauth/token", FORM, null, keys).body(), "access_token");
        var answer = send(method, BASE + path, JSON, token, body);
        if (answer.statusCode() < 400) return answer.body();
        if (retries == 0 || answer.statusCode() != 401 && answer.statusCode() != 503) throw new AssertionError(path + ": " + answer.body());
        if (answer.statusCode() == 401) token = null;
        return call(method, path, body, retries - 1);
    }

    static String admin(String method, String path, String body) throws Exception { // Steers the mock.
        var answer = send(method, ADMIN + path, JSON, null, body);
        if (answer.statusCode() >= 400) throw new AssertionError(path + ": " + answer.body());
        return answer.body();
    }

    static String field(String json, String name) { // A shop has a JSON library.
        var found = Pattern.compile('"' + name + "\":\"?([^\",}]*)").matcher(json);
        return found.find() ? found.group(1) : null;
    }

    public static void main(String[] arguments) throws Exception {
        // The first init is answered 503; the shop sends it again with the same token.
        admin("PUT", "/merchants/" + ID + "/faults", "{\"faults\":[{\"match\":{\"endpoint\":\"init\"},\"action\":{\"type\":\"status\",\"status\":503}}]}");
        var address = "{\"first_name\":\"Elodie\",\"last_name\":\"Gagnon\",\"address_1\":\"1 rue Saint-Paul\",\"address_2\":\"app. 3\",\"city\":\"Montreal\",\"province\":\"QC\",\"postal_code\":\"H2Y1C6\"}";
        var cart = "{\"lang\":\"fr\",\"flow\":\"apply/buy\",\"amount_requested\":499.99,\"billing_information\":" + address + ",\"shipping_information\":" + address + "}";
        var order = field(call("POST", "/online/v2/client-id/" + ID + "/systems/init", cart, 1), "online_order_id");
        admin("POST", "/requests/verify", "{\"client_id\":\"" + ID + "\",\"match\":{\"endpoint\":\"init\",\"params\":{\"lang\":\"fr\"}},\"times\":2}");
        // The customer buys, and takes longer than the token lives.
        admin("POST", "/orders/" + order + "/complete", "{\"outcome\":\"purchased\"}");
        admin("PUT", "/merchants/" + ID + "/clock", "{\"advance_ms\":1260000}");
        var notification = call("GET", "/online/client-id/" + ID + "/notifications/order-id/" + order, "", 1);
        var lint = admin("GET", "/merchants/" + ID + "/lint", "");
        if (!notification.contains("\"status\":\"Success\"") || !lint.strip().equals("{\"findings\":[]}")) throw new AssertionError(notification + lint);
        System.out.println("ok: order " + order + " was bought");
    }
}
