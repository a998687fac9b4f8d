using Kopis.Base;
using Kopis.Mail.Header;

namespace Kopis.Mail.Tests;

public class SubmittedHeaderTests
{
    private const string Date = "Date: 25 Nov 2026 20:00:00 -0000\n";
    private const string Id = "Message-ID: <20261125200000.x@mx.example>\n";

    [Theory]
    [InlineData("Subject: x\n\nDate: in the body\n", Date + Id)]
    [InlineData("dAtE : x\nmessage-id:\n <x@y>\n\n", "")]
    [InlineData("Date: x\n\n", Id)]
    [InlineData("Message-ID: <x@y>\n\n", Date)]
    [InlineData("Subject: x\n Date: folded\n\n", Date + Id)]
    [InlineData("Dates: x\n\n", Date + Id)]
    [InlineData("\nbody\n", Date + Id)]
    [InlineData("", Date + Id)]
    [InlineData("Subject: no body\n", Date + Id)]
    [InlineData("Subject: no line end", Date + Id)]
    [InlineData("no header\n", "")]
    [InlineData(": x\n", "")]
    public void Whole_messages(string message, string expected) =>
        Assert.Equal(expected, Missing(message, isWhole: true));

    [Theory]
    [InlineData("Subject: x\n", "")]
    [InlineData("Subject: x", "")]
    [InlineData("Subject: x\n\n", Date + Id)]
    public void A_header_that_goes_on_is_left_alone(string start, string expected) =>
        Assert.Equal(expected, Missing(start, isWhole: false));

    private static string Missing(string message, bool isWhole) => ByteText.ToText(
        SubmittedHeader.Missing(
            ByteText.ToBytes(message), isWhole,
            new DateTimeOffset(2026, 11, 25, 20, 0, 0, TimeSpan.Zero), "x", "mx.example"u8));
}
