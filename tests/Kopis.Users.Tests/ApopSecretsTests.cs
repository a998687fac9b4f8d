using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Users.Tests;

public sealed class ApopSecretsTests : IDisposable
{
    private static readonly byte[] Stamp = "<1896.697170952@dbc.mtview.ca.us>"u8.ToArray();
    private static readonly byte[] Digest = "c4c9334bac560ecc979e58001b3e22fb"u8.ToArray();

    private readonly TestHome _home = new();
    private readonly Accounts _accounts;

    public ApopSecretsTests()
    {
        _home.AddUser("mrose@x.example", "other");
        _home.AddUser("ann@x.example", "other");
        File.WriteAllText(_home.In("users/apop"), "# Old clients.\nmrose@x.example:tanstaaf\n");
        _accounts = new Accounts(_home.Path, hasHostUsers: false);
    }

    public void Dispose() => _home.Dispose();

    [Fact] // RFC 1939 §7.
    public void The_example_of_the_standard() => Assert.True(IsRight("mrose@x.example", Digest));

    [Theory]
    [InlineData("ann@x.example", "c4c9334bac560ecc979e58001b3e22fb")]
    [InlineData("nobody@x.example", "c4c9334bac560ecc979e58001b3e22fb")]
    [InlineData("mrose@x.example", "c4c9334bac560ecc979e58001b3e22fc")]
    [InlineData("mrose@x.example", "c4c9334bac560ecc979e58001b3e22f")]
    [InlineData("mrose@x.example", "")]
    public void All_else_is_wrong(string name, string digest) =>
        Assert.False(IsRight(name, ByteText.ToBytes(digest)));

    [Fact]
    public void A_secret_may_hold_colons()
    {
        File.WriteAllText(_home.In("users/apop"), "ann@x.example:a:b c\n");
        Assert.True(IsRight("ann@x.example", ApopSecrets.DigestOf(Stamp, "a:b c"u8)));
    }

    [Theory]
    [InlineData("mrose@x.example")]
    [InlineData("mrose@x.example:")]
    [InlineData("Mrose@x.example:x")]
    public void What_cannot_be_understood_is_said(string line)
    {
        File.WriteAllText(_home.In("users/apop"), line + "\n");
        Assert.Throws<ConfigurationException>(() => IsRight("mrose@x.example", Digest));
    }

    private bool IsRight(string name, byte[] digest) => new ApopSecrets(_home.Path).IsRight(
        _accounts.Find(ByteText.ToBytes(name)), Stamp, digest);
}
