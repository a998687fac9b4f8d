using System.Text;
using Kopis.Local.Delivery;
using Kopis.Posix;

namespace Kopis.Local.Tests;

/// <summary>A message whose file has a gap before it.</summary>
public sealed class MessageBodyTests
{
    private const int Gap = 20_000;

    [Fact]
    public void The_message_begins_behind_the_gap()
    {
        int fd = UnnamedFile.InMemory("body");
        Fd.WriteAt(fd, "hello\n"u8, Gap);
        using MessageBody body = MessageBody.InFile(fd, Gap);

        Assert.Equal(6, body.Length);
        Assert.Equal("lo\n", Encoding.ASCII.GetString(body.Read(3, new byte[100])));
        Assert.Equal(0, body.Read(6, new byte[100]).Length);
    }

    [Fact]
    public void Programs_find_no_gap_even_if_they_begin_again_at_the_first_byte()
    {
        int fd = UnnamedFile.InMemory("body");
        byte[] text = new byte[200_000];
        new Random(1).NextBytes(text);
        Fd.WriteAt(fd, text, Gap);
        using MessageBody body = MessageBody.InFile(fd, Gap);
        for (int program = 0; program < 2; program++)
        {
            int file = body.Rewound();
            byte[] read = new byte[text.Length + 1];
            Assert.Equal(text.Length, Fd.ReadToEnd(file, read));
            Assert.Equal(text, read[..text.Length]);
            Assert.Equal(text.Length, Fd.ReadAt(file, read, 0));
        }
    }
}
