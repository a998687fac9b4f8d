using CsCheck;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Users.Recipients;

namespace Kopis.Local.Tests;

/// <summary>.qmail: which file, and what its lines say (contract §7.6, §7.7).</summary>
public class DotQmailTests
{
    [Theory]
    [InlineData("", "", ".qmail .qmaildefault=")]
    [InlineData("-", "", ".qmail- .qmail-default=")]
    [InlineData("-", "a-b-c",
        ".qmail-a-b-c .qmail-a-b-default=c .qmail-a-default=b-c .qmail-default=a-b-c")]
    [InlineData("-", "a-b-",
        ".qmail-a-b- .qmail-a-b-default= .qmail-a-default=b- .qmail-default=a-b-")]
    [InlineData("-", "Foo.Bar", ".qmail-foo:bar .qmail-default=Foo.Bar")]
    [InlineData("-", "x-DEFAULT",
        ".qmail-x-default=DEFAULT .qmail-x-default=DEFAULT .qmail-default=x-DEFAULT")]
    [InlineData("-/", "a-b", ".qmail-/a-b .qmail-/a-default=b .qmail-/default=a-b")]
    [InlineData("-", "haniwa-koala",
        ".qmail-haniwa-koala .qmail-haniwa-default=koala .qmail-default=haniwa-koala")]
    [InlineData("-", "../../etc/x", ".qmail-::/::/etc/x .qmail-default=../../etc/x")]
    public void Files_are_tried_in_this_order(string dash, string ext, string expected)
    {
        IEnumerable<string> names = DotQmailNames
            .Candidates(ByteText.ToBytes(dash), ByteText.ToBytes(ext))
            .Select(candidate => ByteText.ToText(candidate.Name)
                + (candidate.Default is { } part ? "=" + ByteText.ToText(part) : ""));
        Assert.Equal(expected, string.Join(' ', names));
    }

    [Fact]
    public void No_address_leads_out_of_the_home() => Gen.Byte.Array[0, 40].Sample(ext =>
    {
        foreach ((byte[] name, _) in DotQmailNames.Candidates("-"u8.ToArray(), ext))
        {
            Assert.DoesNotContain("..", ByteText.ToText(name)[1..]);
        }
    });

    [Theory]
    [InlineData("", "Blank", "")]
    [InlineData(" \t ", "Blank", "")]
    [InlineData("# ./Mailbox", "Nothing", null)]
    [InlineData("./Mailbox \t", "Mbox", "./Mailbox")]
    [InlineData("./Maildir/\r", "Maildir", "./Maildir/")] // Before: a file whose name ended in CR.
    [InlineData("&joe@x.example \r", "Forward", "joe@x.example")]
    [InlineData("|true\r", "Program", "true")]
    [InlineData("\r", "Blank", "")]
    [InlineData("/var/mail/x", "Mbox", "/var/mail/x")]
    [InlineData("./Maildir/", "Maildir", "./Maildir/")]
    [InlineData("./Maildir/  ", "Maildir", "./Maildir/")]
    [InlineData("| cat > x ", "Program", " cat > x")]
    [InlineData("&a@b", "Forward", "a@b")]
    [InlineData("& a@b", "Forward", " a@b")]
    [InlineData("a@b", "Forward", "a@b")]
    [InlineData(" ./Mailbox", "Forward", " ./Mailbox")]
    [InlineData("Maildir/", "Forward", "Maildir/")]
    [InlineData("+list", "ForwardOnly", null)]
    [InlineData("+list x", "Nothing", null)]
    [InlineData("+", "Nothing", null)]
    [InlineData("./box\0/", "Mbox", "./box")]
    [InlineData("\0x", "Blank", "")]
    public void A_line_says_what_to_do(string line, string kind, string? argument)
    {
        Instruction instruction = Instruction.Parse(ByteText.ToBytes(line));
        Assert.Equal(Enum.Parse<InstructionKind>(kind), instruction.Kind);
        if (argument is not null)
        {
            Assert.Equal(argument, ByteText.ToText(instruction.Argument.Span));
        }
    }

    [Fact]
    public void Anything_can_be_read_line_by_line() => Gen.Byte.Array[0, 200].Sample(content =>
    {
        int lines = content.Count(b => b == (byte)'\n');
        bool open = content.Length > 0 && content[^1] != (byte)'\n';
        Assert.Equal(lines + (open ? 1 : 0), Instruction.ParseAll(content).Count());
    });
}
