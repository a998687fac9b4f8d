using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Sasl;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Users.Tests;

/// <summary>Tokens made and forged by hand, so that no library agrees with itself.</summary>
public sealed class BearerTokensTests : IDisposable
{
    private static readonly RSA Key = RSA.Create(2048);
    private static readonly RSA OtherKey = RSA.Create(2048);
    private static readonly ECDsa Curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly TestHome _home = new();
    private readonly ManualTime _time = new();

    public BearerTokensTests()
    {
        Control("oauthissuer", "https://login.example");
        Control("oauthaudience", "mail");
        Control("oauthkeys", Keys(Key));
    }

    private static long Now => ManualTime.Start.ToUnixTimeSeconds();

    private static string Good =>
        $$"""{"iss":"https://login.example","aud":"mail","exp":{{Now + 300}},"email":"Joe@d"}""";

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("joe@d")]
    [InlineData("")]
    public async Task Lets_in(string name)
    {
        LoginAnswer answer = await Check(name, Rsa(Good));
        Assert.Equal((LookupVerdict.Yes, "joe@d"), (answer.Verdict, answer.Account));
    }

    [Fact]
    public async Task Elliptic_curves_too() =>
        Assert.Equal(LookupVerdict.Yes, (await Check("joe@d", Sign(
            """{"alg":"ES256","kid":"e1"}""", Good,
            data => Curve.SignData(data, HashAlgorithmName.SHA256)))).Verdict);

    [Theory]
    [InlineData("""{"iss":"https://other.example","aud":"mail","exp":EXP,"email":"joe@d"}""")]
    [InlineData("""{"iss":"https://login.example","aud":"web","exp":EXP,"email":"joe@d"}""")]
    [InlineData("""{"iss":"https://login.example","exp":EXP,"email":"joe@d"}""")]
    [InlineData("""{"aud":"mail","exp":EXP,"email":"joe@d"}""")]
    [InlineData("""{"iss":"https://login.example","aud":"mail","email":"joe@d"}""")]
    [InlineData("""{"iss":"https://login.example","aud":"mail","exp":1,"email":"joe@d"}""")]
    [InlineData(
        """{"iss":"https://login.example","aud":"mail","exp":EXP,"nbf":EXP,"email":"joe@d"}""")]
    [InlineData("""{"iss":"https://login.example","aud":"mail","exp":EXP,"email":"ann@d"}""")]
    [InlineData("""{"iss":"https://login.example","aud":"mail","exp":EXP}""")]
    [InlineData(
        """{"iss":"https://login.example","aud":"mail","exp":EXP,"email":["joe@d","a@d"]}""")]
    [InlineData("not json")]
    public async Task Refuses(string claims) => Assert.Same(
        LoginAnswer.No, await Check("joe@d", Rsa(claims.Replace("EXP", $"{Now + 300}"))));

    [Theory]
    [InlineData("\\u212Aim@d", "kim@d")] // The Kelvin sign, which lowers to k.
    [InlineData("\\u212Aim@d", "")]
    [InlineData("JO\\u0130@d", "")] // I with a dot, which lowers to i and a mark, or to i.
    [InlineData("jo\\u0131@d", "joI@d")] // Dotless i, which Turkish raises to I.
    [InlineData("\\uFF2Aoe@d", "joe@d")] // Fullwidth J.
    [InlineData("jos\\u00E9@d", "")]
    [InlineData("joe@d\\u0000", "joe@d")]
    [InlineData("joe@d\\n", "joe@d")]
    [InlineData("joe@d ", "joe@d")]
    [InlineData("joe\\u007F@d", "")]
    [InlineData("", "")]
    public async Task Refuses_names_beyond_printable_ascii(string account, string name) =>
        Assert.Same(LoginAnswer.No, await Check(name, Rsa(With($"\"email\":\"{account}\""))));

    [Theory]
    [InlineData(320, LookupVerdict.Yes)]
    [InlineData(321, LookupVerdict.No)]
    [InlineData(5000, LookupVerdict.No)]
    public async Task Bounds_the_name(int length, LookupVerdict verdict) => Assert.Equal(
        verdict,
        (await Check("", Rsa(With($"\"email\":\"{new string('a', length)}\"")))).Verdict);

    [Theory]
    [InlineData("true", LookupVerdict.Yes)]
    [InlineData("\"true\"", LookupVerdict.Yes)]
    [InlineData("false", LookupVerdict.No)]
    [InlineData("\"false\"", LookupVerdict.No)]
    [InlineData("\"\"", LookupVerdict.No)]
    [InlineData("\"TRUE \"", LookupVerdict.No)]
    [InlineData("null", LookupVerdict.No)]
    [InlineData("0", LookupVerdict.No)]
    [InlineData("1", LookupVerdict.No)]
    [InlineData("[true,false]", LookupVerdict.No)]
    public async Task Takes_no_address_that_is_not_verified(string verified, LookupVerdict verdict)
    {
        string claims = With($"\"email\":\"joe@d\",\"email_verified\":{verified}");
        Assert.Equal(verdict, (await Check("joe@d", Rsa(claims))).Verdict);
        Control("oauthclaim", "sub"); // Another claim is not an address that can be verified.
        claims = With($"\"sub\":\"joe@d\",\"email_verified\":{verified}");
        Assert.Equal(LookupVerdict.Yes, (await Check("joe@d", Rsa(claims))).Verdict);
    }

    [Fact]
    public async Task Refuses_forgeries()
    {
        string good = Rsa(Good);
        string[] parts = good.Split('.');
        byte[] publicKey = Encoding.ASCII.GetBytes(Key.ExportSubjectPublicKeyInfoPem());
        foreach (string token in (string[])
        [
            "", ".", "..", "a.b.c", parts[0] + "." + parts[1] + ".",
            good[..^4] + "AAAA",
            good + ".x.y",
            Sign("""{"alg":"none"}""", Good, _ => []),
            Sign("""{"alg":"RS256","kid":"k1"}""", Good, data => OtherKey.SignData(
                data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            Sign("""{"alg":"RS256","kid":"k2"}""", Good, data => OtherKey.SignData(
                data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            // The public key as a password, the oldest trick.
            Sign("""{"alg":"HS256","kid":"k1"}""", Good, data =>
                HMACSHA256.HashData(publicKey, data)),
            // A key of its own in the head.
            Sign($$"""{"alg":"RS256","jwk":{{Keys(OtherKey)[9..^2]}}}""", Good, data =>
                OtherKey.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            Rsa(Good) + new string('A', 20_000),
        ])
        {
            Assert.Same(LoginAnswer.No, await Check("joe@d", token));
        }
    }

    [Fact]
    public async Task Keys_are_read_anew_and_bad_ones_mean_later()
    {
        BearerTokens tokens = Tokens()!;
        byte[] token = ByteText.ToBytes(Rsa(Good));
        Assert.Equal(LookupVerdict.Yes, (await tokens.CheckAsync([], token)).Verdict);
        Control("oauthkeys", "{");
        _time.Advance(TimeSpan.FromSeconds(1)); // Files are not looked at all the time.
        Assert.Same(LoginAnswer.Later, await tokens.CheckAsync([], token));
        Control("oauthkeys", Keys(OtherKey));
        Assert.Same(LoginAnswer.No, await tokens.CheckAsync([], token));
    }

    [Theory]
    [InlineData("oauthkeys", "{}")]
    [InlineData("oauthkeys", """{"keys":[{"kty":"oct","k":"AAAA","kid":"k1"}]}""")]
    [InlineData("oauthkeys", "nonsense")]
    [InlineData("oauthaudience", "")]
    public void Does_not_start_with(string file, string content)
    {
        Control(file, content);
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Tokens());
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LookupVerdict.Yes, SaslStep.Done)]
    [InlineData(LookupVerdict.No, SaslStep.Failed)]
    [InlineData(LookupVerdict.Later, SaslStep.Later)]
    public async Task After_the_issuer_it_is_asked_whether_the_user_is_locked(
        LookupVerdict verdict, SaslStep expected)
    {
        LimitedLoginService limits = new(
            new LookupClient(_home.Path, _time),
            new SharedLimits(null, new LoginLimiter(new InstantTime())), new InstantTime());
        List<string> asked = [];
        SaslService service = new(logins: null, Tokens(), limits, (account, _) =>
        {
            asked.Add(ByteText.ToText(account));
            return Task.FromResult(verdict);
        });
        Assert.Equal(expected, (await AskToken(service, Rsa(Good))).Step);
        Assert.Equal(SaslStep.Failed, (await AskToken(service, "x.y.z")).Step);
        Assert.Equal(["joe@d"], asked);
    }

    [Fact]
    public void Without_an_issuer_there_is_none()
    {
        File.Delete(_home.In("control/oauthissuer"));
        Assert.Null(Tokens());
    }

    private static Task<SaslAnswer> AskToken(SaslService service, string token) =>
        service.AnswerAsync(
            IPAddress.Loopback,
            new SaslQuestion(SaslQuestionKind.Token, [], ByteText.ToBytes(token), []),
            CancellationToken.None);

    private static string With(string more) =>
        $$"""{"iss":"https://login.example","aud":"mail","exp":{{Now + 300}},{{more}}}""";

    private static string Rsa(string claims) => Sign(
        """{"alg":"RS256","typ":"JWT","kid":"k1"}""", claims,
        data => Key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private static string Sign(string head, string claims, Func<byte[], byte[]> sign)
    {
        string text = $"{Url(Encoding.UTF8.GetBytes(head))}.{Url(Encoding.UTF8.GetBytes(claims))}";
        return $"{text}.{Url(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Keys(RSA key)
    {
        RSAParameters rsa = key.ExportParameters(false);
        ECParameters curve = Curve.ExportParameters(false);
        return "{\"keys\":["
            + $$"""{"kty":"RSA","kid":"k1","n":"{{Url(rsa.Modulus!)}}","e":"AQAB"},"""
            + $$"""{"kty":"EC","kid":"e1","crv":"P-256","x":"{{Url(curve.Q.X!)}}","""
            + $"\"y\":\"{Url(curve.Q.Y!)}\"}}"
            + "]}";
    }

    private static string Url(byte[] bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private void Control(string name, string line) =>
        File.WriteAllText(_home.In($"control/{name}"), line + "\n");

    private BearerTokens? Tokens() =>
        BearerTokens.In(new ControlDirectory(_home.In("control")), _time);

    private Task<LoginAnswer> Check(string name, string token) =>
        Tokens()!.CheckAsync(ByteText.ToBytes(name), ByteText.ToBytes(token));
}
