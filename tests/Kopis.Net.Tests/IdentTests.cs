using System.Text;
using Kopis.Net.Listener;

namespace Kopis.Net.Tests;

public sealed class IdentTests
{
    [Theory] // RFC 1413 §6, and what ucspi-tcp 0.88 makes of each.
    [InlineData("6193, 23 : USERID : UNIX : stjohns\r", "stjohns")]
    [InlineData("6195, 23 : USERID : OTHER , US-ASCII: a b:c\t", "ab:c")]
    [InlineData("6195, 23 : ERROR : NO-USER\r", "")]
    [InlineData("", "")]
    [InlineData("1:2:3:", "")]
    [InlineData("1:2:3:a\0b", null)]
    public void What_follows_the_third_colon(string line, string? user)
    {
        byte[]? parsed = Ident.Parse(Encoding.Latin1.GetBytes(line));
        Assert.Equal(user, parsed is null ? null : Encoding.Latin1.GetString(parsed));
    }
}
