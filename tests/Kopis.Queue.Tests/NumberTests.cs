using System.Text;
using CsCheck;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

public sealed class NumberTests
{
    [Fact]
    public void A_number_is_a_place() => Gen.Select(
        Gen.ULong[1, 1UL << 40], Gen.Long[0, (MessageNumber.SegmentStartsBelow / 8) - 1])
        .Sample((segment, eighth) =>
        {
            ulong number = MessageNumber.Of(segment, eighth * 8);
            Assert.Equal(segment, MessageNumber.Segment(number));
            Assert.Equal(eighth * 8, MessageNumber.Offset(number));
        });

    // A reader's position after the last, long record of a segment lies past 64 MiB.
    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void The_end_of_a_segment_is_after_its_last_message(ulong segment)
    {
        ulong last = MessageNumber.Of(segment, MessageNumber.SegmentStartsBelow - 8);
        ulong end = MessageNumber.Of(segment, MessageNumber.SegmentStartsBelow + 4096);
        Assert.True(last < end);
    }

    [Theory]
    [InlineData("0/0", true)]
    [InlineData("1/1", true)]
    [InlineData("0/23", true)]
    [InlineData("4/8388610", true)]
    [InlineData("2/1", false)]
    [InlineData("01/1", false)]
    [InlineData("1/01", false)]
    [InlineData("1/1/", false)]
    [InlineData("/1", false)]
    [InlineData("1/", false)]
    [InlineData("1", false)]
    [InlineData("", false)]
    [InlineData("1/+1", false)]
    [InlineData("1/ 1", false)]
    [InlineData("1/1\n", false)]
    [InlineData("0/18446744073709551616", false)]
    [InlineData("../1", false)]
    public void A_path_has_one_form(string text, bool isPath)
    {
        byte[] path = Encoding.ASCII.GetBytes(text);
        Assert.Equal(isPath, MessageNumber.TryParsePath(path, out ulong n));
        Assert.True(!isPath || MessageNumber.FormatPath(n) == text);
    }

    [Fact]
    public void Every_code_has_contract_5_1s_text()
    {
        (int Code, string Text)[] table =
        [
            (11, "Denvelope address too long for qq (#5.1.3)"),
            (31, "Dmail server permanently rejected message (#5.3.0)"),
            (35, "Dqq permanent problem (#5.3.0)"),
            (40, "Dqq permanent problem (#5.3.0)"),
            (41, "Zqq temporary problem (#4.3.0)"),
            (51, "Zqq out of memory (#4.3.0)"),
            (52, "Zqq timeout (#4.3.0)"),
            (53, "Zqq write error or disk full (#4.3.0)"),
            (54, "Zqq read error (#4.3.0)"),
            (55, "Zqq unable to read configuration (#4.3.0)"),
            (56, "Zqq trouble making network connection (#4.3.0)"),
            (61, "Zqq trouble in home directory (#4.3.0)"),
            (62, "Zqq trouble creating files in queue (#4.3.0)"),
            (66, "Zqq trouble creating files in queue (#4.3.0)"),
            (71, "Zmail server temporarily rejected message (#4.3.0)"),
            (72, "Zconnection to mail server timed out (#4.4.1)"),
            (73, "Zconnection to mail server rejected (#4.4.1)"),
            (74, "Zcommunication with mail server failed (#4.4.2)"),
            (81, "Zqq internal bug (#4.3.0)"),
            (91, "Zqq internal bug (#4.3.0)"),
            (115, "Denvelope address too long for qq (#5.1.3)"),
            (120, "Zunable to exec qq (#4.3.0)"),
            (99, "Zqq temporary problem (#4.3.0)"),
            (200, "Zqq temporary problem (#4.3.0)"),
            (QueueCode.KilledBySignal, "Zqq crashed (#4.3.0)"),
        ];
        Assert.All(table, row => Assert.Equal(row.Text, QueueResult.Describe(row.Code)));
    }
}
