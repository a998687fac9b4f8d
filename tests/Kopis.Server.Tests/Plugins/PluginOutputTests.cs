using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Server.Plugins;

namespace Kopis.Server.Tests.Plugins;

/// <summary>What a plugin may say, and what is passed over.</summary>
public sealed class PluginOutputTests
{
    [Theory]
    [InlineData("", PluginEnd.None)]
    [InlineData("\n\n", PluginEnd.None)]
    [InlineData("A\n", PluginEnd.Accept)]
    [InlineData("A", PluginEnd.Accept)]
    [InlineData("N\r\n", PluginEnd.Next)]
    [InlineData("O\nE550 no\n", PluginEnd.Okay)]
    [InlineData("D\n", PluginEnd.Drop)]
    [InlineData("Sa=b\nE550 no\nA\n", PluginEnd.Error)]
    [InlineData("R421 go\n", PluginEnd.Reject)]
    internal void The_last_command_ends_it(string text, PluginEnd end)
    {
        PluginOutput output = Read(text);
        Assert.Equal(end, output.End);
        Assert.Empty(output.Faults);
    }

    [Theory]
    [InlineData("E550 sorry, no", "550 5.7.1 sorry, no")]
    [InlineData("E451 4.3.0 later", "451 4.3.0 later")]
    [InlineData("E550 5.1.1 no such", "550 5.1.1 no such")]
    [InlineData("R550 4.1.1 other kind", "550 5.7.1 4.1.1 other kind")]
    public void A_refusal_is_a_reply_with_a_status(string text, string line)
    {
        SmtpAnswer answer = Read(text).Answer!;
        Assert.Equal($"{line}\r\n", Encoding.ASCII.GetString(answer.ToBytes(true).Span));
    }

    [Theory]
    [InlineData("E")]
    [InlineData("E250 fine")]
    [InlineData("E550")]
    [InlineData("E550-more")]
    [InlineData("E550 a\u0007b")]
    [InlineData("Rgo away")]
    public void A_refusal_in_another_form_puts_off(string text)
    {
        PluginOutput output = Read(text);
        Assert.StartsWith("451 ", output.Answer!.Line, StringComparison.Ordinal);
        Assert.Single(output.Faults);
    }

    [Theory]
    [InlineData("HX-Spam: yes", true)]
    [InlineData("HX-Spam:", true)]
    [InlineData("HX-Sp\tam: yes", false)]
    [InlineData("Hno colon", false)]
    [InlineData("H: x", false)]
    [InlineData("HX-A: b\rX-B: c", false)]
    [InlineData("HX-A: b\0", false)]
    public void Fields_are_one_line_each(string text, bool isField)
    {
        PluginOutput output = Read(text + "\n");
        Assert.Equal(isField ? [text[1..]] : [], output.Fields.Select(one => ByteText.ToText(one)));
        Assert.Equal(isField ? 0 : 1, output.Faults.Count);
    }

    [Fact]
    public void Variables_addresses_lines_and_later_replies()
    {
        PluginOutput output = Read(
            "Sspam=a=b\nUold\nS1x=y\nSno\nCa@b.example\nCa\u0001\nP250-hello\nP250 end\n"
            + "LM550 m\nLR451 r\nLDxyz\nLX550 x\nZ\n");
        Assert.Equal(
            ["spam=a=b", "old"],
            output.Variables.Select(one => one.Name
                + (one.Value is null ? "" : "=" + Encoding.Latin1.GetString(one.Value))));
        Assert.Equal("a@b.example"u8.ToArray(), output.Address);
        Assert.Equal("250-hello"u8.ToArray(), Assert.Single(output.Said));
        Assert.Equal([SmtpHook.Mail, SmtpHook.Rcpt], output.Later.Select(one => one.Hook));
        Assert.Equal(5, output.Faults.Count); // No more are kept.
    }

    [Fact]
    public void A_flood_is_cut()
    {
        PluginOutput output = Read(new string('x', PluginOutput.BytesMax + 1));
        Assert.True(output.IsTooLong);
        Assert.Equal(PluginEnd.None, output.End);
    }

    [Fact]
    public void Cuts_do_not_matter() =>
        Gen.Select(
            Gen.Int[0, 13].Select(i => Pieces[i]).Array[0, 12].Select(string.Concat),
            Gen.Int[1, 5])
            .Sample((text, size) =>
            {
                byte[] bytes = Encoding.Latin1.GetBytes(text);
                PluginOutput cut = new();
                foreach (byte[] piece in bytes.Chunk(size))
                {
                    cut.Read(piece);
                }

                cut.EndInput();
                return Shown(cut) == Shown(Read(text));
            });

    private static readonly string[] Pieces =
    [
        "A\n", "N", "O\r\n", "E550 x\n", "R4", "50 y\n", "HX: y\n", "Sa=b\n", "Ua\n", "Cx@y\n",
        "P250-a\n", "LD451 z\n", "\n", "\r",
    ];

    private static string Shown(PluginOutput one) => string.Join('|',
    [
        one.End.ToString(), one.Answer?.Line, one.Address?.Length.ToString(),
        one.Said.Count.ToString(), one.Fields.Count.ToString(), one.Variables.Count.ToString(),
        one.Later.Count.ToString(), .. one.Faults,
    ]);

    private static PluginOutput Read(string text)
    {
        PluginOutput output = new();
        output.Read(Encoding.Latin1.GetBytes(text));
        output.EndInput();
        return output;
    }
}
