using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kopis.Base;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Tests.Certificates;

public sealed class KeyTests : IDisposable
{
    // RFC 7515 A.3.1.
    private const string X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    private const string Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    private const string D = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_thumbprint_of_RFC_7638() => Assert.Equal(
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        AccountKey.ThumbprintOf("""{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQm"""
            + "bXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjh"
            + "Mstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAt"
            + "aSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
            + """M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"""));

    // The thumbprint was computed by other means.
    [Fact]
    public void A_key_is_written_and_named_as_the_RFCs_have_it()
    {
        using AccountKey key = Known();
        Assert.Equal($$"""{"crv":"P-256","kty":"EC","x":"{{X}}","y":"{{Y}}"}""", key.Jwk);
        Assert.Equal("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U", key.Thumbprint);
        Assert.Equal("token." + key.Thumbprint, key.Authorization("token"));
    }

    // ES256 has a random part: theirs must be good by our reading of it, ours by the platform's.
    [Fact]
    public void The_signature_of_RFC_7515()
    {
        const string head = "eyJhbGciOiJFUzI1NiJ9";
        const string body = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
            + "LmNvbS9pc19yb290Ijp0cnVlfQ";
        const string signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
            + "pmWQxfKTUJqPP3-Kg6NU1Q";
        byte[] input = Jws.SigningInput(head, body);
        using AccountKey key = Known();
        Assert.True(Verifies(input, Base64Url.DecodeFromChars(signature)));
        Assert.True(Verifies(input, key.Sign(input)));
        Assert.Equal(64, key.Sign(input).Length);
        Assert.False(Verifies(Jws.SigningInput(head, body + "A"), key.Sign(input)));
    }

    [Theory]
    [InlineData(null, "jwk")]
    [InlineData("https://ca.example/acct/1", "kid")]
    public void A_request_names_its_key_or_its_account(string? account, string member)
    {
        using AccountKey key = Known();
        byte[] signed = Jws.Sign(
            key, account, "nonce-1", "https://ca.example/new", "{\"a\":\"ä\"}"u8);
        JsonElement json = JsonDocument.Parse(signed).RootElement;
        string head = json.GetProperty("protected").GetString()!;
        string body = json.GetProperty("payload").GetString()!;
        Assert.Equal("{\"a\":\"ä\"}", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(body)));
        Assert.True(Verifies(
            Jws.SigningInput(head, body),
            Base64Url.DecodeFromChars(json.GetProperty("signature").GetString())));
        JsonElement header = JsonDocument.Parse(Base64Url.DecodeFromChars(head)).RootElement;
        Assert.Equal(
            ["alg", member, "nonce", "url"], header.EnumerateObject().Select(each => each.Name));
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.Equal("nonce-1", header.GetProperty("nonce").GetString());
        Assert.Equal("https://ca.example/new", header.GetProperty("url").GetString());
        Assert.Equal(
            account ?? key.Jwk, header.GetProperty(member).ToString());
    }

    [Fact]
    public void A_key_is_made_once_and_for_its_owner_alone()
    {
        string path = Path.Combine(_directory, "account.pem");
        using AccountKey made = AccountKey.Load(path);
        using AccountKey again = AccountKey.Load(path);
        Assert.Equal(made.Thumbprint, again.Thumbprint);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void A_key_that_cannot_be_read_is_not_replaced(string content)
    {
        string path = Path.Combine(_directory, "account.pem");
        File.WriteAllText(path, content);
        ConfigurationException error =
            Assert.Throws<ConfigurationException>(() => AccountKey.Load(path));
        Assert.Equal(111, error.Code);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void A_key_of_another_curve_is_none()
    {
        string path = Path.Combine(_directory, "account.pem");
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(path, other.ExportPkcs8PrivateKeyPem());
        Assert.Throws<ConfigurationException>(() => AccountKey.Load(path));
    }

    private static AccountKey Known() => AccountKey.Import(Parameters());

    private static ECParameters Parameters() => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = Base64Url.DecodeFromChars(D),
        Q = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) },
    };

    private static bool Verifies(byte[] input, byte[] signature)
    {
        using ECDsa key = ECDsa.Create(Parameters());
        return key.VerifyData(
            input, signature, HashAlgorithmName.SHA256,
            DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}
