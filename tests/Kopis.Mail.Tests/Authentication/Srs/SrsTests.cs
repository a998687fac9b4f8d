using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Mail.Authentication.Srs;

namespace Kopis.Mail.Tests.Authentication.Srs;

public class SrsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly SenderRewriting Srs = new([[1, 2, 3]], "fwd.example"u8);

    [Fact]
    public void There_and_back()
    {
        string made = Make(Srs, "Joe.User@a.example");
        Assert.Matches("^SRS0=[A-Z2-7]{4}=[A-Z2-7]{2}=a.example=Joe.User@fwd.example$", made);
        Assert.InRange(Local(made).Length, 1, SenderRewriting.LocalBytesMax);
        Assert.Equal((SrsVerdict.Good, "Joe.User@a.example"), Reverse(Srs, Local(made)));
    }

    [Fact]
    public void Case_folding_does_no_harm()
    {
        string local = Local(Make(Srs, "Joe@A.example"));
        Assert.Equal((SrsVerdict.Good, "joe@a.example"), Reverse(Srs, local.ToLowerInvariant()));
        Assert.Equal((SrsVerdict.Good, "JOE@A.EXAMPLE"), Reverse(Srs, local.ToUpperInvariant()));
    }

    [Theory]
    [InlineData(0, SrsVerdict.Good)]
    [InlineData(21, SrsVerdict.Good)]
    [InlineData(22, SrsVerdict.Expired)]
    [InlineData(500, SrsVerdict.Expired)]
    [InlineData(-1, SrsVerdict.Good)]
    [InlineData(-2, SrsVerdict.Expired)]
    [InlineData(1024, SrsVerdict.Good)] // The clock of two characters has gone round.
    public void It_ends_after_three_weeks(int days, SrsVerdict verdict)
    {
        string local = Local(Make(Srs, "joe@a.example"));
        Assert.Equal(verdict, Srs.Reverse(Bytes(local), Now.AddDays(days), out byte[] sender));
        Assert.Equal(verdict == SrsVerdict.Good, sender.Length > 0);
    }

    [Fact]
    public void Nothing_in_it_can_be_changed()
    {
        string local = Local(Make(Srs, "joe@a.example"));
        foreach (string changed in new[]
        {
            local.Replace("joe", "eve"), local.Replace("a.example", "b.example"),
            local.Replace("=a.example=joe", "=a.exampl=ejoe"), local[..^1], local + "x",
            "SRS0=AAAA" + local[9..], "SRS0=" + local[6..], "SRS0==" + local[10..], "SRS0=x",
            "SRS0=", "SRS0=a=b=c=d", "SRS0=====", "SRS1=x", "SRS1==a=b", "SRS1=AAAA=a.example==x",
        })
        {
            Assert.NotEqual(SrsVerdict.Good, Srs.Reverse(Bytes(changed), Now, out byte[] sender));
            Assert.Empty(sender);
        }

        string day = local[10..12];
        string later = local.Replace($"={day}=", day == "AA" ? "=AB=" : "=AA=");
        Assert.Equal(SrsVerdict.Forged, Reverse(Srs, later).Verdict);
        Assert.Equal(SrsVerdict.Forged, Reverse(new([[9]], "fwd.example"u8), local).Verdict);
    }

    [Fact]
    public void A_new_secret_goes_before_the_old_one()
    {
        string old = Local(Make(Srs, "joe@a.example"));
        SenderRewriting both = new([[9, 9], [1, 2, 3]], "fwd.example"u8);
        Assert.Equal(SrsVerdict.Good, Reverse(both, old).Verdict);
        string made = Local(Make(both, "joe@a.example"));
        Assert.NotEqual(old, made);
        Assert.Equal(SrsVerdict.Good, Reverse(both, made).Verdict);
        Assert.Equal(SrsVerdict.Forged, Reverse(Srs, made).Verdict);
    }

    /// <summary>a → fwd1 → fwd2 → fwd3, and back.</summary>
    [Fact]
    public void A_chain_of_forwarders_does_not_grow()
    {
        SenderRewriting first = new([[1]], "fwd1.example"u8);
        SenderRewriting second = new([[2]], "fwd2.example"u8);
        SenderRewriting third = new([[3]], "fwd3.example"u8);
        string one = Make(first, "joe@a.example");
        string two = Make(second, one);
        string three = Make(third, two);
        Assert.StartsWith("SRS1=", two);
        Assert.StartsWith("SRS1=", three);
        Assert.Contains("=fwd1.example==", two);
        Assert.Equal(two.Length, three.Length);
        Assert.Equal((SrsVerdict.Good, one), Reverse(second, Local(two)));
        Assert.Equal((SrsVerdict.Good, one), Reverse(third, Local(three)));
        Assert.Equal((SrsVerdict.Good, "joe@a.example"), Reverse(first, Local(one)));
        Assert.Equal(SrsVerdict.Forged, Reverse(second, Local(three)).Verdict);
        Assert.Equal(
            SrsVerdict.Forged, Reverse(third, Local(three).Replace("fwd1", "evil")).Verdict);
    }

    /// <summary>Other makers' first separator, and postsrsd's form.</summary>
    [Theory]
    [InlineData("SRS0+opaque+stuff@other.example", "=other.example=+opaque+stuff@fwd.example")]
    [InlineData("SRS0-x=y@other.example", "=other.example=-x=y@fwd.example")]
    [InlineData("srs0=x=yy=a.example=joe@other.example", "=other.example==x=yy=a.example=joe@")]
    [InlineData("SRS1=HHHH=first.example==x=yy=a.example=joe@other.example",
        "=first.example==x=yy=a.example=joe@fwd.example")]
    [InlineData("SRS1=HHHH=first.example=@other.example",
        "=other.example=SRS1=HHHH=first.example=@")]
    [InlineData("SRS1=HHHH==@other.example", "=other.example=SRS1=HHHH==@")]
    public void What_others_have_rewritten(string sender, string end)
    {
        string made = Make(Srs, sender);
        Assert.StartsWith(end.Contains("=SRS1=") ? "SRS0=" : "SRS1=", made);
        Assert.Contains(end, made);
        Assert.Equal(SrsVerdict.Good, Reverse(Srs, Local(made)).Verdict);
    }

    [Theory]
    [InlineData("")]
    [InlineData("joe")]
    [InlineData("@a.example")]
    [InlineData("joe@")]
    [InlineData("joe@a=b.example")]
    [InlineData("SRS0=x@a=b.example")]
    [InlineData("#@[]")]
    [InlineData("owner-@host.example-@[]")]
    public void Others_stay_as_they_are(string sender) =>
        Assert.Null(Srs.Rewrite(Bytes(sender), Now));

    [Fact]
    public void What_would_be_too_long_stays_as_it_is()
    {
        Assert.Null(Srs.Rewrite(Bytes(new string('x', 230) + "@a.example"), Now));
        Assert.NotNull(Srs.Rewrite(Bytes(new string('x', 200) + "@a.example"), Now));
    }

    [Theory, InlineData("joe"), InlineData("SRS"), InlineData("SRS0"), InlineData("SRS0="),
        InlineData("SRS2=a=b=c=d"), InlineData("srsly=x")]
    public void Others_are_none_of_ours(string local)
    {
        Assert.Equal(SrsVerdict.NotSrs, Reverse(Srs, local).Verdict);
        Assert.False(SrsTag.IsSrs(Bytes(local)));
    }

    [Theory, InlineData(4), InlineData(8), InlineData(20)]
    public void The_hash_has_the_length_that_is_asked_for(int length)
    {
        SenderRewriting srs = new([[7]], "f.example"u8, length);
        string local = Local(Make(srs, "joe@a.example"));
        Assert.Equal(length, local.Split('=')[1].Length);
        Assert.Equal(SrsVerdict.Good, Reverse(srs, local).Verdict);
        Assert.ThrowsAny<ArgumentException>(() => new SenderRewriting([[7]], "f"u8, 3));
        Assert.ThrowsAny<ArgumentException>(() => new SenderRewriting([], "f"u8));
    }

    [Fact]
    public void Any_sender_comes_back() =>
        Gen.Byte.Array[1, 60].Sample(local =>
        {
            byte[] sender = [.. local, .. "@a.example"u8];
            byte[]? made = Srs.Rewrite(sender, Now);
            if (made is null || SrsTag.IsSrs(local))
            {
                return;
            }

            int at = made.AsSpan().LastIndexOf((byte)'@');
            Assert.Equal(SrsVerdict.Good, Srs.Reverse(made.AsSpan(0, at), Now, out byte[] back));
            Assert.Equal(sender, back);
        });

    /// <summary>a → fwd1 → fwd2 → fwd1 → b, and back: fwd1 finds its own address in its own.
    /// </summary>
    [Fact]
    public void A_forwarder_that_has_a_message_twice_finds_back()
    {
        SenderRewriting first = new([[1]], "FWD1.example"u8);
        SenderRewriting second = new([[2]], "fwd2.example"u8);
        string one = Make(first, "joe@a.example");
        string three = Make(first, Make(second, one));
        Assert.StartsWith("SRS1=", three);
        Assert.Equal((SrsVerdict.Good, one), Reverse(first, Local(three)));
        Assert.Equal("joe@a.example", Resolve(Local(three), Now));
        Assert.Equal("joe@a.example", Resolve(Local(one), Now));
        Assert.Null(Resolve(Local(three), Now.AddDays(22)));
        Assert.Null(Resolve(Local(three).Replace("joe", "eve"), Now));
        Assert.Null(Resolve("joe", Now));

        string? Resolve(string local, DateTimeOffset now)
        {
            SrsVerdict verdict = first.Resolve(Bytes(local), now, out byte[] sender);
            Assert.Equal(verdict == SrsVerdict.Good, sender.Length > 0);
            return sender.Length > 0 ? Encoding.Latin1.GetString(sender) : null;
        }
    }

    /// <summary>The clock of two characters goes round every 1,024 days.</summary>
    [Fact]
    public void The_days_are_right_where_the_clock_goes_round()
    {
        DateTimeOffset round = DateTimeOffset.UnixEpoch.AddDays(1024 * 20);
        for (int made = -25; made <= 2; made++)
        {
            byte[] address = Srs.Rewrite("joe@a.example"u8, round.AddDays(made))!;
            byte[] local = address[..^"@fwd.example".Length];
            for (int age = -2; age <= 24; age++)
            {
                Assert.Equal(
                    age is >= -1 and <= 21 ? SrsVerdict.Good : SrsVerdict.Expired,
                    Srs.Reverse(local, round.AddDays(made + age), out _));
            }
        }
    }

    /// <summary>Any byte, but for the case of a letter: 30 bits, so that one in a billion could
    /// be right.</summary>
    [Fact]
    public void No_byte_of_it_can_be_changed()
    {
        SenderRewriting srs = new(
            [[1, 2, 3], [4]], "fwd.example"u8, SenderRewriting.HashLengthOfHost);
        byte[] local = Bytes(Local(Make(srs, "Joe.User@a.example")));
        for (int at = 0; at < local.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. local];
                changed[at] = (byte)value;
                bool isSame = Ascii8.EqualsIgnoreCase(changed, local)
                    || (at == 4 && SrsTag.IsSeparator((byte)value));
                Assert.Equal(
                    isSame, srs.Reverse(changed, Now, out _) == SrsVerdict.Good);
            }
        }
    }

    private static string Make(SenderRewriting srs, string sender) =>
        Encoding.Latin1.GetString(srs.Rewrite(Bytes(sender), Now)!);

    private static (SrsVerdict Verdict, string Sender) Reverse(SenderRewriting srs, string local) =>
        (srs.Reverse(Bytes(local), Now, out byte[] sender), Encoding.Latin1.GetString(sender));

    private static string Local(string address) => address[..address.LastIndexOf('@')];

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
