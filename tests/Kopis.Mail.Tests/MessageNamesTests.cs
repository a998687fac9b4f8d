using System.Text;
using Kopis.Mail.Header;

namespace Kopis.Mail.Tests;

public sealed class MessageNamesTests
{
    private const string Message =
        "Received: x\n\ty: message-id: no\nSUBJECT: one\n two\nMessage-Id:\n <a@b> \n"
        + "Message-ID: <c@d>\n\nSubject: body\n\nmore\n";

    [Theory, InlineData(1), InlineData(3), InlineData(17), InlineData(4096)]
    public void The_first_of_the_header_count_wherever_it_is_cut(int bytes)
    {
        MessageNames names = Read(Encoding.ASCII.GetBytes(Message), bytes);
        Assert.Equal("<a@b>", Encoding.ASCII.GetString(names.MessageId));
        Assert.Equal("one two", Encoding.ASCII.GetString(names.Subject));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\nMessage-ID: <a@b>\n")]
    [InlineData("To: x\n\nMessage-ID: <a@b>\n\n")]
    public void None(string message) =>
        Assert.Empty(Read(Encoding.ASCII.GetBytes(message), 4096).MessageId);

    [Fact]
    public void A_header_that_is_the_whole_message() => Assert.Equal(
        "<a@b>", Encoding.ASCII.GetString(Read("Message-ID: <a@b>"u8.ToArray(), 5).MessageId));

    [Fact]
    public void A_header_without_end_is_not_kept()
    {
        MessageNames names = new();
        byte[] line = Encoding.ASCII.GetBytes(new string('x', 999) + "\n");
        for (int i = 0; i < 100; i++)
        {
            names.Append(line);
        }

        names.Append("Message-ID: <a@b>\n\n"u8);
        names.End();
        Assert.Empty(names.MessageId);
    }

    private static MessageNames Read(byte[] message, int bytes)
    {
        MessageNames names = new();
        foreach (byte[] piece in message.Chunk(bytes))
        {
            names.Append(piece);
        }

        names.End();
        return names;
    }
}
