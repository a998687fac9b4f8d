using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.Tests;

/// <summary>SASL mechanisms, by the examples of their RFCs and by what clients get wrong.</summary>
public class SaslTests
{
    private const string Nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"; // RFC 7677 §3.
    private const string ClientNonce = "rOprNGfwEbeRWgbNEkqO";
    private const string Salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
    private static readonly byte[] Binding = SHA256.HashData("certificate"u8);

    [Fact]
    public void Plain_of_RFC_4616()
    {
        SaslExchange exchange = Begin("plain");
        Assert.Equal(SaslStep.Ask, exchange.Begin(Base64("\0tim\0tanstaaftanstaaf")));
        Assert.Equal("Password tim tanstaaftanstaaf ", Show(exchange.Question!));
        Assert.Equal(SaslStep.Done, exchange.OnAnswer(SaslAnswer.Yes("tim@d", [])));
        Assert.Equal("tim@d", exchange.Account);
        Assert.All(exchange.Question!.Secret, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("Ursel\0Kurt\0xipj3plmq", SaslStep.Failed)] // RFC 4616 §4: acts as another.
    [InlineData("Kurt\0Kurt\0xipj3plmq", SaslStep.Ask)]
    [InlineData("\0Kurt\0", SaslStep.Malformed)]
    [InlineData("\0\0x", SaslStep.Malformed)]
    [InlineData("\0Kurt", SaslStep.Malformed)]
    [InlineData("", SaslStep.Malformed)]
    [InlineData("\0Kurt\0x\0y", SaslStep.Malformed)]
    public void Plain(string message, SaslStep expected)
    {
        SaslExchange exchange = Begin("PLAIN");
        Assert.Equal(SaslStep.Challenge, exchange.Begin([]));
        Assert.Equal("334 \r\n", ChallengeOf(exchange));
        Assert.Equal(expected, exchange.OnLine(Base64(message)));
    }

    [Fact]
    public void Login()
    {
        SaslExchange exchange = Begin("LOGIN");
        Assert.Equal(SaslStep.Challenge, exchange.Begin([]));
        Assert.Equal("334 VXNlcm5hbWU6\r\n", ChallengeOf(exchange));
        Assert.Equal(SaslStep.Challenge, exchange.OnLine(Base64("tim")));
        Assert.Equal("334 UGFzc3dvcmQ6\r\n", ChallengeOf(exchange));
        Assert.Equal(SaslStep.Ask, exchange.OnLine(Base64("secret")));
        Assert.Equal("Password tim secret ", Show(exchange.Question!));
        Assert.Equal(SaslStep.Later, exchange.OnAnswer(SaslAnswer.Later));
    }

    [Fact]
    public void Scram_of_RFC_7677()
    {
        SaslExchange exchange = Begin("SCRAM-SHA-256");
        Assert.Equal(SaslStep.Ask, exchange.Begin(Base64($"n,,n=user,r={ClientNonce}")));
        Assert.Equal("Salt user  ", Show(exchange.Question!));
        Assert.Equal(SaslStep.Challenge, exchange.OnAnswer(SaltAnswer()));
        Assert.Equal(
            $"r={ClientNonce}{Nonce},s={Salt},i=4096", Unbase64(ChallengeOf(exchange)[4..^2]));
        string proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        Assert.Equal(
            SaslStep.Ask, exchange.OnLine(Base64($"c=biws,r={ClientNonce}{Nonce},p={proof}")));
        SaslQuestion question = exchange.Question!;
        Assert.Equal(proof, Convert.ToBase64String(question.Secret));
        Assert.Equal(
            $"n=user,r={ClientNonce},r={ClientNonce}{Nonce},s={Salt},i=4096,"
                + $"c=biws,r={ClientNonce}{Nonce}",
            ByteText.ToText(question.AuthMessage));

        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            "pencil"u8, Convert.FromBase64String(Salt), 4096, HashAlgorithmName.SHA256, 32);
        byte[] signature = HMACSHA256.HashData(
            HMACSHA256.HashData(salted, "Server Key"u8), question.AuthMessage);
        Assert.Equal(SaslStep.Challenge, exchange.OnAnswer(SaslAnswer.Yes("user@d", signature)));
        Assert.Equal(
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            Unbase64(ChallengeOf(exchange)[4..^2]));
        Assert.Equal(SaslStep.Done, exchange.OnLine([]));
        Assert.Equal("user@d", exchange.Account);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", true, SaslStep.Ask)]
    [InlineData("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", true, SaslStep.Failed)]
    [InlineData("SCRAM-SHA-256-PLUS", "n,,", true, SaslStep.Failed)]
    [InlineData("SCRAM-SHA-256-PLUS", "y,,", true, SaslStep.Failed)]
    [InlineData("SCRAM-SHA-256", "n,,", true, SaslStep.Ask)]
    [InlineData("SCRAM-SHA-256", "y,,", true, SaslStep.Failed)] // Our offer was taken out.
    [InlineData("SCRAM-SHA-256", "y,,", false, SaslStep.Ask)]
    [InlineData("SCRAM-SHA-256", "p=tls-server-end-point,,", true, SaslStep.Failed)]
    [InlineData("SCRAM-SHA-256", "x,,", false, SaslStep.Malformed)]
    [InlineData("SCRAM-SHA-256", "n,a=us=65r,", false, SaslStep.Malformed)]
    [InlineData("SCRAM-SHA-256", "n,a=user,", false, SaslStep.Ask)]
    [InlineData("SCRAM-SHA-256", "n,a=other,", false, SaslStep.Failed)]
    [InlineData("SCRAM-SHA-256", "n,,m=x,", false, SaslStep.Malformed)]
    public void Scrams_header(string mechanism, string header, bool tls, SaslStep expected) =>
        Assert.Equal(
            expected,
            Begin(mechanism, tls ? Binding : null).Begin(Base64($"{header}n=user,r=abc")));

    [Theory]
    [InlineData("n=u=2Cx=3D,r=abc", "u,x=")]
    [InlineData("n=u=2cx,r=abc", null)]
    [InlineData("n=,r=abc", null)]
    [InlineData("n=user,r=", null)]
    [InlineData("n=user,r=a c", null)]
    [InlineData("r=abc,n=user", null)]
    [InlineData("n=user", null)]
    public void Scrams_names(string bare, string? name)
    {
        SaslExchange exchange = Begin("SCRAM-SHA-256");
        SaslStep step = exchange.Begin(Base64("n,," + bare));
        Assert.Equal(name is null ? SaslStep.Malformed : SaslStep.Ask, step);
        Assert.Equal(name, exchange.Question is { } q ? ByteText.ToText(q.Name) : null);
    }

    [Theory]
    [InlineData("c=eSws,r={0}", SaslStep.Failed)] // Another header than before.
    [InlineData("c=biws,r={0}x", SaslStep.Failed)]
    [InlineData("c=biws,r=abc", SaslStep.Failed)]
    [InlineData("r={0},c=biws", SaslStep.Malformed)]
    [InlineData("c=biws,r={0},x=y", SaslStep.Ask)]
    public void Scrams_last_message(string message, SaslStep expected)
    {
        SaslExchange exchange = Begin("SCRAM-SHA-256");
        exchange.Begin(Base64("n,,n=user,r=abc"));
        exchange.OnAnswer(SaltAnswer());
        string proof = Convert.ToBase64String(new byte[32]);
        message = message.Replace("{0}", "abc" + Nonce, StringComparison.Ordinal);
        Assert.Equal(expected, exchange.OnLine(Base64($"{message},p={proof}")));
    }

    [Fact]
    public void Scram_plus_binds_to_the_certificate()
    {
        foreach (byte[] bound in (byte[][])[Binding, SHA256.HashData("another"u8), []])
        {
            SaslExchange exchange = Begin("SCRAM-SHA-256-PLUS", Binding);
            exchange.Begin(Base64("p=tls-server-end-point,,n=user,r=abc"));
            exchange.OnAnswer(SaltAnswer());
            string c = Convert.ToBase64String([.. "p=tls-server-end-point,,"u8, .. bound]);
            string proof = Convert.ToBase64String(new byte[32]);
            Assert.Equal(
                bound == Binding ? SaslStep.Ask : SaslStep.Failed,
                exchange.OnLine(Base64($"c={c},r=abc{Nonce},p={proof}")));
        }
    }

    [Fact]
    public void A_wrong_proof_ends_it()
    {
        SaslExchange exchange = Begin("SCRAM-SHA-256");
        exchange.Begin(Base64("n,,n=user,r=abc"));
        exchange.OnAnswer(SaltAnswer());
        exchange.OnLine(Base64(
            $"c=biws,r=abc{Nonce},p={Convert.ToBase64String(new byte[32])}"));
        Assert.Equal(SaslStep.Failed, exchange.OnAnswer(SaslAnswer.No));
        Assert.Equal("", exchange.Account);
    }

    [Theory]
    [InlineData( // RFC 7628 §4.1.
        "OAUTHBEARER",
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcm"
            + "VyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
        "Token user@example.com vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg== ")]
    [InlineData( // Google's documentation of XOAUTH2.
        "XOAUTH2",
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQm"
            + "hkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
        "Token someuser@example.com ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg ")]
    public void Bearer(string mechanism, string initial, string question)
    {
        SaslExchange exchange = Begin(mechanism);
        Assert.Equal(SaslStep.Ask, exchange.Begin(ByteText.ToBytes(initial)));
        Assert.Equal(question, Show(exchange.Question!));
        Assert.Equal(SaslStep.Challenge, exchange.OnAnswer(SaslAnswer.No));
        Assert.Contains(
            "invalid_token", Unbase64(ChallengeOf(exchange)[4..^2]), StringComparison.Ordinal);
        Assert.Equal(SaslStep.Failed, exchange.OnLine("AQ=="u8));
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer t\u0001\u0001", SaslStep.Ask)]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Basic t\u0001\u0001", SaslStep.Malformed)]
    [InlineData("OAUTHBEARER", "n,,\u0001auth=Bearer \u0001\u0001", SaslStep.Malformed)]
    [InlineData("OAUTHBEARER", "p=x,,\u0001auth=Bearer t\u0001\u0001", SaslStep.Malformed)]
    [InlineData("OAUTHBEARER", "n,a=u\u0001auth=Bearer t\u0001\u0001", SaslStep.Malformed)]
    [InlineData("OAUTHBEARER", "n,a=u,\u0001auth=Bearer t\u0001", SaslStep.Malformed)]
    [InlineData("XOAUTH2", "auth=Bearer t\u0001\u0001", SaslStep.Malformed)]
    [InlineData("XOAUTH2", "user=u\u0001auth=bearer t\u0001\u0001", SaslStep.Ask)]
    public void Bearer_strictly(string mechanism, string message, SaslStep expected) =>
        Assert.Equal(expected, Begin(mechanism).Begin(Base64(message)));

    [Theory]
    [InlineData("*", SaslStep.Cancelled)]
    [InlineData("AGEAYg=", SaslStep.Malformed)]
    [InlineData("AGEAYg==AGEAYg==", SaslStep.Malformed)]
    [InlineData("AGEA Yg==", SaslStep.Malformed)]
    [InlineData("AGEAYg", SaslStep.Malformed)]
    [InlineData("!", SaslStep.Malformed)]
    [InlineData("AGEAYg==", SaslStep.Ask)]
    public void Base64_strictly(string line, SaslStep expected)
    {
        SaslExchange exchange = Begin("PLAIN");
        exchange.Begin([]);
        Assert.Equal(expected, exchange.OnLine(ByteText.ToBytes(line)));
    }

    [Fact]
    public void What_is_offered()
    {
        Assert.Equal(
            "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN",
            ByteText.ToText(new SaslOffer(SaslOffer.All, null).ToBytes()));
        SaslOffer bound = new(["SCRAM-SHA-256-PLUS", "PLAIN"], Binding);
        Assert.Equal("SCRAM-SHA-256-PLUS PLAIN", ByteText.ToText(bound.ToBytes()));
        Assert.Null(bound.Begin("LOGIN"u8));
        Assert.Null(bound.Begin("CRAM-MD5"u8));
        Assert.Null(bound.Begin(""u8));
        Assert.NotNull(bound.Begin("plain"u8));
        Assert.Null(new SaslOffer(SaslOffer.All, null).Begin("SCRAM-SHA-256-PLUS"u8));
        Assert.True(new SaslOffer(["SCRAM-SHA-256-PLUS"], null).IsEmpty);
    }

    [Fact]
    public void No_message_lets_anybody_in_unasked() =>
        Gen.Select(Gen.Int[0, 5], Gen.OneOf(
            Gen.Byte.Array[0, 50],
            Gen.Const("n,,n=u,r=a"u8.ToArray()), Gen.Const("\0a\0b"u8.ToArray()))
            .Array[1, 5]).Sample((mechanism, messages) =>
        {
            SaslExchange exchange = Begin(SaslOffer.All[mechanism], Binding);
            SaslStep step = exchange.Begin([]);
            foreach (byte[] message in messages)
            {
                step = step == SaslStep.Ask ? exchange.OnAnswer(SaslAnswer.No)
                    : step == SaslStep.Challenge ? exchange.OnLine(
                        ByteText.ToBytes(Convert.ToBase64String(message)))
                    : step;
                Assert.NotEqual(SaslStep.Done, step);
            }
        }, iter: 20_000);

    private static SaslExchange Begin(string mechanism, byte[]? binding = null) =>
        new SaslOffer(SaslOffer.All, binding)
            .Begin(ByteText.ToBytes(mechanism), ByteText.ToBytes(Nonce))!;

    private static SaslAnswer SaltAnswer() =>
        SaslAnswer.Of(Convert.FromBase64String(Salt), 4096);

    private static byte[] Base64(string text) => ByteText.ToBytes(text.Length == 0
        ? "=" : Convert.ToBase64String(Encoding.Latin1.GetBytes(text)));

    private static string Unbase64(string text) =>
        Encoding.Latin1.GetString(Convert.FromBase64String(text));

    private static string ChallengeOf(SaslExchange exchange)
    {
        ArrayBufferWriter<byte> reply = new();
        exchange.WriteChallenge("334 "u8, reply);
        return ByteText.ToText(reply.WrittenSpan);
    }

    private static string Show(SaslQuestion q) =>
        $"{q.Kind} {ByteText.ToText(q.Name)} {ByteText.ToText(q.Secret)} "
            + ByteText.ToText(q.AuthMessage);
}
