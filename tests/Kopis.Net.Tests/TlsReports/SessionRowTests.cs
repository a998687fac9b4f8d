using System.Net;
using Kopis.Mail.TlsReports;
using Kopis.Net.TlsReports;

namespace Kopis.Net.Tests.TlsReports;

public sealed class SessionRowTests
{
    private static readonly IPAddress Server = IPAddress.Parse("192.0.2.1");

    [Fact]
    public void A_session_is_read_as_it_was_written()
    {
        AppliedPolicy policy = new("sts", ["mode: enforce", "mx: *.b.example"]);
        string row = SessionRow.Write(
            Server, "mx.b.example", policy, TlsResultType.Expired, IPAddress.IPv6Loopback);
        SessionCount read = SessionRow.Read(row, 3)!;
        Assert.Equal(
            ("192.0.2.1", "mx.b.example", "sts", TlsResultType.Expired, "::1", 3L),
            (read.Address, read.Host, read.Policy.Kind, read.Result, read.Sender, read.Count));
        Assert.Equal(policy.Lines, read.Policy.Lines);
        SessionCount bare = SessionRow.Read(SessionRow.Write(
            Server, "", AppliedPolicy.None, TlsResultType.Success, null), 1)!;
        Assert.Equal(("", ""), (bare.Host, bare.Sender));
        Assert.Empty(bare.Policy.Lines);
    }

    /// <summary>Lines of a policy are a stranger's.</summary>
    [Fact]
    public void A_strangers_text_makes_no_field_and_no_row()
    {
        AppliedPolicy policy = new("sts", ["mx: a\tb\nc|d", new string('x', 5000), "mx: \u00e4"]);
        string row = SessionRow.Write(
            Server, "mx\n.b\t", policy, TlsResultType.Success, Server);
        Assert.DoesNotContain('\n', row);
        SessionCount read = SessionRow.Read(row, 1)!;
        Assert.Equal("mx?.b?", read.Host);
        Assert.Equal("mx: a?b?c?d", read.Policy.Lines[0]);
        Assert.True(row.Length < SessionRow.PolicyMax + 500);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x\tsts\t\tsuccessful\tmx\t")]
    [InlineData("192.0.2.1\todd\t\tsuccessful\tmx\t")]
    [InlineData("192.0.2.1\tsts\t\todd\tmx\t")]
    [InlineData("192.0.2.1\tsts\t\tsuccessful\tmx")]
    public void What_is_none_of_ours_is_none(string row) => Assert.Null(SessionRow.Read(row, 1));
}
