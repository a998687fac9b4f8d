using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Authentication.Srs;
using Kopis.Testing;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

public sealed class SrsJudgeTests : IDisposable
{
    private const string Secret = "0123456789abcdef";
    private readonly TestHome _home = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _log = [];
    private readonly SrsJudge _judge;
    private readonly SenderRewriting _maker = new(
        [Encoding.ASCII.GetBytes(Secret)], "srs.example"u8, SenderRewriting.HashLengthOfHost);

    public SrsJudgeTests()
    {
        File.WriteAllText(_home.In("control/srsdomain"), "srs.example\n");
        Directory.CreateDirectory(_home.In("srs"));
        Keep(Secret);
        _judge = new SrsJudge(new ControlDirectory(_home.In("control"), _log.Add), _time);
    }

    public void Dispose() => _home.Dispose();

    [Fact]
    public void What_was_made_here_is_good_until_it_is_old()
    {
        byte[] local = Local("joe@a.example");
        Assert.Equal(LookupVerdict.Yes, Judge(local));
        Assert.Equal(SrsVerdict.Good, _judge.Find(local, Domain, out byte[] sender));
        Assert.Equal("joe@a.example"u8, sender);
        _time.Advance(TimeSpan.FromDays(21));
        Assert.Equal(LookupVerdict.Yes, Judge(local));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(LookupVerdict.No, Judge(local));
        Assert.Equal(SrsVerdict.Expired, _judge.Find(local, Domain, out sender));
        Assert.Empty(sender);
    }

    [Theory, InlineData("SRS0=AAAAAA=AA=a.example=joe"), InlineData("SRS0=x"),
        InlineData("srs1=AAAAAA=a.example==x"), InlineData("SRS1+y")]
    public void What_was_not_is_nobodys(string local) =>
        Assert.Equal(LookupVerdict.No, Judge(Encoding.ASCII.GetBytes(local)));

    [Fact]
    public void Others_are_not_judged()
    {
        byte[] local = Local("joe@a.example");
        Assert.Null(Judge("joe"u8.ToArray()));
        Assert.Null(_judge.Judge(local, "other.example"u8.ToArray()));
        Assert.Equal(LookupVerdict.Yes, _judge.Judge(local, "SRS.Example"u8.ToArray()));
        File.Delete(_home.In("control/srsdomain"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Judge(local));
        Assert.Equal(SrsVerdict.NotSrs, _judge.Find(local, Domain, out _));
    }

    [Fact]
    public void Secrets_that_cannot_be_used_are_a_later_and_one_line_in_the_log()
    {
        byte[] local = Local("joe@a.example");
        File.Delete(_home.In("srs/secrets"));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(LookupVerdict.Later, Judge(local));
            Assert.Null(Judge("joe"u8.ToArray()));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains("kopis srs new", Assert.Single(_log), StringComparison.Ordinal);
        Keep("a " + Secret);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LookupVerdict.Later, Judge(local)); // It has a blank.
        Keep("another-secret-of-another-day\n" + Secret);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LookupVerdict.Yes, Judge(local));
    }

    private static byte[] Domain => "srs.example"u8.ToArray();

    private LookupVerdict? Judge(byte[] local) => _judge.Judge(local, Domain);

    private byte[] Local(string sender) => _maker.Rewrite(
        Encoding.ASCII.GetBytes(sender), _time.GetUtcNow())![..^"@srs.example".Length];

    private void Keep(string lines)
    {
        File.WriteAllText(_home.In("srs/secrets"), lines + "\n");
        File.SetUnixFileMode(
            _home.In("srs/secrets"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
