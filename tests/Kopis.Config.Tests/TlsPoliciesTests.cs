using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

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
    [InlineData(null, TlsLevel.May, TlsSource.Receiver)]
    [InlineData("none", TlsLevel.None, TlsSource.Operator)]
    [InlineData("may", TlsLevel.May, TlsSource.Operator)]
    [InlineData("encrypt", TlsLevel.Encrypt, TlsSource.Operator)]
    [InlineData("verify", TlsLevel.Verify, TlsSource.Operator)]
    [InlineData("verify:mx.y", TlsLevel.Verify, TlsSource.Operator)]
    [InlineData("published", TlsLevel.May, TlsSource.Receiver)]
    [InlineData("sts", TlsLevel.Verify, TlsSource.Sts)]
    [InlineData("DANE", TlsLevel.Verify, TlsSource.Dane)]
    public void A_level_says_who_says(string? level, TlsLevel floor, TlsSource source)
    {
        TlsPolicy found = Read(level is null ? "y:none\n" : $"x:{level}\n").Find("x"u8);
        Assert.Equal((floor, source), (found.Level, found.Source));
        Assert.Null(found.Fault);
    }

    [Theory]
    [InlineData("x.example")]
    [InlineData("x.example:")]
    [InlineData("x.example:sts:mx.example")]
    [InlineData("x.example:dane:")]
    [InlineData("x.example encrypt")]
    [InlineData("X.example=encrypt")]
    [InlineData("x.example:secure")]
    [InlineData("x.example:encrypt:mx.example")]
    [InlineData("x.example:verify:")]
    public void What_is_not_understood_harms_its_own_domain_and_is_never_weaker(string line)
    {
        TlsPolicies policies = Read($":may\n{line}\nbank.example:verify\n");
        TlsPolicy found = policies.Find("x.EXAMPLE"u8);
        Assert.Equal(TlsLevel.Verify, found.Level);
        Assert.Contains(line.Replace(' ', '_'), found.Fault, StringComparison.Ordinal);
        Assert.Equal([found.Fault!], policies.Faults);
        Assert.Null(policies.Find("other.example"u8).Fault);
        Assert.Null(policies.Find("bank.example"u8).Fault);
    }

    [Fact]
    public void The_last_line_of_a_domain_counts_also_where_it_is_bad()
    {
        Assert.Null(Read("x:bad\nx:may\n").Find("x"u8).Fault);
        Assert.NotNull(Read("x:may\nx:bad\n").Find("x"u8).Fault);
        Assert.NotNull(Read(":bad\n").Find("any.example"u8).Fault);
        Assert.NotNull(Read("nonsense\nx:may\n").Find("any.example"u8).Fault);
        Assert.Null(Read("nonsense\nx:may\n").Find("x"u8).Fault);
        Assert.NotNull(Read(".lan:bad\n").Find("a.b.lan"u8).Fault);
    }

    private TlsPolicies Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "tlspolicy"), text);
        return TlsPolicies.Read(new ControlDirectory(_directory));
    }
}
