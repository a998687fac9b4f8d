using System.Text;

namespace Kopis.Base.Tests;

public sealed class TextTests
{
    [Fact]
    public void A_log_text_has_no_control_byte_no_space_and_no_percent() =>
        Assert.Equal("a_b/c___~_", LogText.Safe("a b\nc%\u001b\0~\u007f"u8));

    [Fact]
    public void Printable_text_has_nothing_that_a_terminal_obeys()
    {
        Assert.Equal("a b?~?", PrintableText.Of("a b\u001b~\u007f\n", charactersMax: 6));
        Assert.Equal("a/b???", PrintableText.Line("a\nb\r\u009b\n\n"u8));
        StringBuilder text = new("x ");
        PrintableText.AddLine(text, "a\nb\r\u009b\n\n"u8);
        Assert.Equal("x a/b???", text.ToString());
        Assert.Equal("?a\nb\n", PrintableText.Lines("\0a\nb\n"u8));
    }

    [Fact]
    public void Dates_are_as_qmail_prints_them()
    {
        DateTimeOffset time = new(1995, 9, 6, 6, 46, 53, TimeSpan.FromHours(2));
        Assert.Equal("6 Sep 1995 04:46:53 -0000", QmailDate.Rfc822(time));
        Assert.Equal("Wed Sep 06 04:46:53 1995", QmailDate.MboxFrom(time));
    }

    [Fact]
    public void An_environment_keeps_every_byte_and_ignores_what_has_no_name()
    {
        byte[] block = [.. "A=1\0=x\0novalue\0B="u8, 0xFF, 0xFE, 0];
        ByteEnvironment environment = ByteEnvironment.Parse(block);
        Assert.Equal("1"u8.ToArray(), environment["A"]);
        Assert.Equal([0xFF, 0xFE], environment["B"]);
        Assert.Null(environment["novalue"]);
        Assert.Equal(2, environment.ToBlock().Length);
        Assert.Contains(environment.ToBlock(), entry => entry.SequenceEqual<byte>(
            [(byte)'B', (byte)'=', 0xFF, 0xFE]));
    }

    [Fact]
    public void Only_ascii_letters_have_a_case()
    {
        Assert.True(Ascii8.EqualsIgnoreCase("AbZ"u8, "aBz"u8));
        Assert.False(Ascii8.EqualsIgnoreCase([0xC4], [0xE4]));
        Assert.False(Ascii8.EqualsIgnoreCase("@"u8, "`"u8));
        Assert.True(Ascii8.StartsWithIgnoreCase("MAIL FROM"u8, "mail"u8));
    }

    [Fact]
    public void Raw_text_loses_no_byte()
    {
        Random random = new(1);
        for (int round = 0; round < 10_000; round++)
        {
            // Of few values, so that there are sequences of UTF-8, whole and torn.
            byte[] bytes = new byte[random.Next(12)];
            byte[] some = [0x41, 0x0A, 0x80, 0xBF, 0xC3, 0xA9, 0xED, 0xA0, 0xE2, 0x82, 0xF0, 0xFF];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = some[random.Next(some.Length)];
            }

            Assert.Equal(bytes, RawText.ToBytes(RawText.Of(bytes)));
        }
    }

    [Fact]
    public void Raw_text_is_utf_8_but_for_what_is_not()
    {
        (string Text, string Bytes)[] cases =
        [
            ("a\u00e9\u20ac", "61C3A9E282AC"), ("\udce9", "E9"), ("", ""),
            ("\U0001F600\udcff", "F09F9880FF"), ("\udced\udca0\udc80", "EDA080"),
        ];
        foreach ((string text, string bytes) in cases)
        {
            Assert.Equal(bytes, Convert.ToHexString(RawText.ToBytes(text)));
            Assert.True(text == RawText.Of(Convert.FromHexString(bytes)), bytes);
        }
    }
}
