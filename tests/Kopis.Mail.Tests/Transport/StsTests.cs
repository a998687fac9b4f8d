using System.Text;
using Kopis.Mail.Transport;

namespace Kopis.Mail.Tests.Transport;

public sealed class StsTests
{
    private const string Good =
        "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: *.example.net\r\n"
        + "max_age: 604800\r\n";

    [Theory]
    [InlineData("v=STSv1; id=20160831085700Z;", "20160831085700Z")]
    [InlineData("v=STSv1;id=1", "1")]
    [InlineData("v=STSv1; id=1; x-more=a:b", "1")]
    [InlineData("v=STSv1;\tid=1 ;", "1")]
    [InlineData("v=STSv1; id=", null)]
    [InlineData("v=STSv1; id=a b", null)]
    [InlineData("v=STSv1; id=1-2", null)]
    [InlineData("v=STSv1; id=123456789012345678901234567890123", null)]
    [InlineData("v=STSv1; id=1; id=2", null)]
    [InlineData("v=STSv1; ID=1", null)]
    [InlineData("v=STSv1;; id=1", null)]
    [InlineData("v=STSv1", null)]
    [InlineData("V=STSv1; id=1", null)]
    [InlineData("v=STSv2; id=1", null)]
    [InlineData("v=spf1 -all", null)]
    public void A_record_has_an_id_or_is_none(string text, string? id) =>
        Assert.Equal(id, StsRecord.IdOf([text]));

    [Fact]
    public void One_record_counts_and_two_are_none()
    {
        Assert.Equal("1", StsRecord.IdOf(["other", "v=STSv1; id=1", "v=STSv11; id=2"]));
        Assert.Null(StsRecord.IdOf(["v=STSv1; id=1", "v=STSv1; id=1"]));
        Assert.Null(StsRecord.IdOf([]));
    }

    [Fact]
    public void A_policy_is_read_with_either_line_end()
    {
        foreach (string text in new[] { Good, Good.Replace("\r", ""), Good.Trim(), Good + "\n" })
        {
            StsPolicy policy = Parse(text)!;
            Assert.Equal(StsMode.Enforce, policy.Mode);
            Assert.Equal(TimeSpan.FromDays(7), policy.MaxAge);
            Assert.Equal(["mx.example.com", "*.example.net"], policy.Exchangers);
            Assert.Contains("mx: *.example.net", policy.Lines);
        }
    }

    [Theory]
    [InlineData("version: STSv1", "version: STSv2")]
    [InlineData("version: STSv1\r\n", "")]
    [InlineData("mode: enforce", "mode: Enforce")]
    [InlineData("mode: enforce", "mode:")]
    [InlineData("mode: enforce\r\n", "")]
    [InlineData("max_age: 604800", "max_age: -1")]
    [InlineData("max_age: 604800", "max_age: 1 000")]
    [InlineData("max_age: 604800", "max_age: 12345678901")]
    [InlineData("max_age: 604800\r\n", "")]
    [InlineData("mx: mx.example.com", "mx: mx..example.com")]
    [InlineData("mx: mx.example.com", "mx: *.*.example.com")]
    [InlineData("mx: mx.example.com", "mx: mx*.example.com")]
    [InlineData("mx: mx.example.com", "mx: *")]
    [InlineData("mx: mx.example.com", "mx: ../../etc")]
    [InlineData("mx: mx.example.com", "<html>")]
    [InlineData("mx: mx.example.com", "mx: a.example\0")]
    public void What_is_wrong_spoils_all_of_it(string good, string bad)
    {
        Assert.Contains(good, Good);
        Assert.Null(
            StsPolicy.Parse(Encoding.UTF8.GetBytes(Good.Replace(good, bad)), out string why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Unknown_fields_are_passed_over_and_of_two_the_first_counts()
    {
        StsPolicy policy = Parse(Good + "x-new.field: whatever\r\nmode: none\r\n")!;
        Assert.Equal(StsMode.Enforce, policy.Mode);
        Assert.DoesNotContain("mode: none", policy.Lines);
    }

    [Fact]
    public void Mode_none_needs_no_hosts_and_the_others_do()
    {
        Assert.Equal(StsMode.None, Parse("version: STSv1\nmode: none\nmax_age: 1\n")!.Mode);
        Assert.Null(Parse("version: STSv1\nmode: testing\nmax_age: 1\n"));
    }

    [Fact]
    public void A_year_is_the_longest()
    {
        Assert.Equal(TimeSpan.FromSeconds(StsPolicy.SecondsMax),
            Parse(Good.Replace("604800", "9999999999"))!.MaxAge);
    }

    [Fact]
    public void Sizes_are_bounded()
    {
        string more = Good + new string('\n', StsPolicy.BytesMax);
        Assert.Null(Parse(more));
        Assert.NotNull(Parse(more[..StsPolicy.BytesMax]));
    }

    [Fact]
    public void So_are_hosts()
    {
        string lines(int count) => string.Concat(Enumerable.Repeat("mx: a.example\n", count));
        Assert.NotNull(Parse(Good + lines(StsPolicy.ExchangersMax - 2)));
        Assert.Null(Parse(Good + lines(StsPolicy.ExchangersMax - 1)));
        Assert.Equal(
            StsPolicy.LinesMax,
            Parse(Good + lines(StsPolicy.ExchangersMax - 2))!.Lines.Count);
    }

    [Theory]
    [InlineData("mx.example.com", true)]
    [InlineData("MX.Example.COM", true)]
    [InlineData("mx.example.com.", true)]
    [InlineData("a.mx.example.com", false)]
    [InlineData("example.com", false)]
    [InlineData("a.example.net", true)]
    [InlineData("a.b.example.net", false)]
    [InlineData("example.net", false)]
    [InlineData(".example.net", false)]
    [InlineData("[192.0.2.1]", false)]
    [InlineData("", false)]
    public void A_wildcard_is_one_label(string host, bool isNamed) =>
        Assert.Equal(isNamed, Parse(Good)!.Names(host));

    /// <summary>Policies have U-labels although they may not, and hosts have A-labels.</summary>
    [Theory]
    [InlineData("mx: mx.b\u00fccher.example", "mx.xn--bcher-kva.example")]
    [InlineData("mx: *.b\u00fccher.example", "mx.xn--bcher-kva.example")]
    [InlineData("mx: mx.xn--bcher-kva.example", "mx.b\u00fccher.example")]
    public void A_name_in_letters_of_its_own_is_the_one_of_dns(string line, string host) =>
        Assert.True(Parse(Good.Replace("mx: mx.example.com", line))!.Names(host));

    private static StsPolicy? Parse(string text) =>
        StsPolicy.Parse(Encoding.UTF8.GetBytes(text), out _);
}
