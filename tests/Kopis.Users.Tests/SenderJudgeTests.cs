using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

/// <summary>Users of the host at more than one domain.</summary>
public sealed class SenderJudgeTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("bob", "bob@example.test", true)]
    [InlineData("bob", "Bob@Example.Test", true)]
    [InlineData("bob", "bob-list@example.test", true)]
    [InlineData("bob", "bob@toyokawa.gcd.org", true)]
    [InlineData("bob", "x@bobs.example", true)]
    [InlineData("bob", "bobby@example.test", false)]
    [InlineData("bob", "bo@example.test", false)]
    [InlineData("bob", "eve@example.test", false)]
    [InlineData("bob", "bob@elsewhere.example", false)]
    [InlineData("bob", "@example.test", false)]
    [InlineData("bob", "bob", false)]
    [InlineData("bob", "sales@example.test", true)] // An alias of his.
    [InlineData("bob", "shop@example.test", true)]
    [InlineData("bob", "other@example.test", false)]
    [InlineData("bob@example.test", "bob@toyokawa.gcd.org", true)]
    [InlineData("bob@toyokawa.gcd.org", "bob@example.test", true)]
    [InlineData("bob@elsewhere.example", "bob@example.test", false)]
    [InlineData("ann", "ann@example.test", false)] // A virtual user has it.
    [InlineData("ann", "ann-x@example.test", false)]
    [InlineData("ann@example.test", "ann@toyokawa.gcd.org", false)]
    [InlineData("eve", "anybody@all.example", false)] // A catch-all.
    [InlineData("eve", "eve@toyokawa.gcd.org", true)]
    [InlineData("", "bob@example.test", false)]
    public void A_users_address_is_his_at_every_domain_that_routes_to_him(
        string account, string sender, bool isHis)
    {
        File.WriteAllText(
            _home.In("control/locals"), "toyokawa.gcd.org\nexample.test\nall.example\n");
        File.WriteAllText(_home.In("control/virtualdomains"), "bobs.example:bob\n");
        File.WriteAllText(
            _home.In("users/aliases"),
            "sales@example.test:bob@toyokawa.gcd.org\n"
            + "shop@example.test:x@y.example,bob@example.test\n"
            + "other@example.test:eve@example.test\n@all.example:eve@example.test\n");
        Directory.CreateDirectory(_home.In("alias"));
        _home.AddUser("ann@example.test", "x");
        Assert.Equal(
            isHis ? LookupVerdict.Yes : LookupVerdict.No,
            new SenderJudge(_home.Path).Judge(
                ByteText.ToBytes(account), ByteText.ToBytes(sender)));
    }

    [Fact]
    public void Where_no_user_of_the_host_gets_mail_none_has_an_address() => Assert.Equal(
        LookupVerdict.No,
        new SenderJudge(_home.Path, hasHostUsers: false).Judge(
            "bob"u8, "bob@toyokawa.gcd.org"u8));
}
