using Kopis.Base;

namespace Kopis.Control.Tests;

public sealed class TlsPoliciesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("bank.example", "Verify mx.bank.example,.out.example")]
    [InlineData("BANK.example", "Verify mx.bank.example,.out.example")]
    [InlineData("a.b.lan", "None ")]
    [InlineData("lan", "Encrypt ")]
    [InlineData("x.lan.example", "Encrypt ")]
    public void The_longest_match_counts(string domain, string policy)
    {
        TlsPolicies policies = Read(
            "bank.example:verify:mx.bank.example:.Out.example\n.lan:none\n:encrypt\n");
        TlsPolicy found = policies.Find(ByteText.ToBytes(domain));
        Assert.Equal(policy, $"{found.Level} {string.Join(',', found.Names)}");
    }

    [Fact]
    public void Without_a_file_all_may() =>
        Assert.Equal(
            TlsLevel.May, TlsPolicies.Read(new ControlDirectory(_directory)).Find("x"u8).Level);

    [Theory]
    [InlineData("x.example")]
    [InlineData("x.example:")]
    [InlineData("x.example:secure")]
    [InlineData("x.example:encrypt:mx.example")]
    [InlineData("x.example:verify:")]
    public void What_is_not_understood_is_never_taken_for_something_weaker(string line) =>
        Assert.Throws<ConfigurationException>(() => Read(line + "\n"));

    private TlsPolicies Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "tlspolicy"), text);
        return TlsPolicies.Read(new ControlDirectory(_directory));
    }
}
