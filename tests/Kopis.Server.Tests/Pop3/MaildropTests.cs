using System.Text;
using Kopis.Mail.Pop3;
using Kopis.Posix;
using Kopis.Server.Pop3;
using Kopis.Testing;

namespace Kopis.Server.Tests.Pop3;

public sealed class MaildropTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _maildir;

    public MaildropTests() => _maildir = _home.AddUser("joe@x.example", "right");

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Faults()
    {
        Assert.Null(Maildrop.TryOpen([0], ManualTime.Start, out MaildropFault fault));
        Assert.Equal(MaildropFault.Missing, fault);
        File.WriteAllText(_home.In("file"), "");
        Assert.Null(Maildrop.TryOpen(
            Fd.PathBytes(_home.In("file")), ManualTime.Start, out fault));
        Assert.Equal(MaildropFault.Missing, fault);
        Directory.Delete(Path.Combine(_maildir, "cur"));
        Assert.Null(Maildrop.TryOpen(Fd.PathBytes(_maildir), ManualTime.Start, out fault));
        Assert.Equal(MaildropFault.Unreadable, fault);
    }

    [Fact]
    public void Only_files_are_messages()
    {
        Directory.CreateDirectory(Path.Combine(_maildir, "new", "directory"));
        Paths.TryMakeFifo(Path.Combine(_maildir, "cur", "fifo"), 0x180);
        File.CreateSymbolicLink(Path.Combine(_maildir, "cur", "dangling"), "/nonexistent");
        using Maildrop drop = Open();
        Assert.Equal(0, drop.Count);
    }

    [Fact]
    public void Old_files_in_tmp_go_and_younger_ones_stay()
    {
        foreach ((string name, double hours) in ((string, double)[])
            [("old", 36.1), ("young", 35.9), (".dot", 99)])
        {
            string path = Path.Combine(_maildir, "tmp", name);
            File.WriteAllText(path, "");
            File.SetLastAccessTimeUtc(path, ManualTime.Start.UtcDateTime.AddHours(-hours));
        }

        Open().Dispose();
        Assert.Equal(
            [".dot", "young"],
            Directory.GetFiles(Path.Combine(_maildir, "tmp")).Select(Path.GetFileName).Order());
    }

    [Trait("Size", "large")]
    [Fact]
    public void A_hundred_thousand_messages_are_listed_in_order()
    {
        const int count = 100_000;
        string first = Path.Combine(_maildir, "new", "0");
        File.WriteAllText(first, "x");
        File.SetLastWriteTimeUtc(first, ManualTime.Start.UtcDateTime.AddSeconds(-5));

        // One file under many names: as many entries, without as many blocks on the disk. A file
        // has at most 65,000 names on ext4.
        for (int i = 1; i < count; i++)
        {
            string name = Path.Combine(_maildir, "new", $"{i}");
            if (i % 50_000 == 0)
            {
                File.Copy(first, name);
                File.SetLastWriteTimeUtc(name, ManualTime.Start.UtcDateTime.AddSeconds(-5));
            }
            else
            {
                string file = Path.Combine(_maildir, "new", $"{i / 50_000 * 50_000}");
                Paths.Link(
                    Encoding.ASCII.GetBytes(file + "\0"), Encoding.ASCII.GetBytes(name + "\0"));
            }
        }

        using Maildrop drop = Open();
        Assert.Equal(count, drop.Count);
        for (int i = 1; i < count; i++)
        {
            Assert.True(drop.UniqueIdOf(i - 1).SequenceCompareTo(drop.UniqueIdOf(i)) < 0);
        }

        Pop3Session session = new(drop);
        System.Buffers.ArrayBufferWriter<byte> reply = new();
        Assert.Equal(Pop3Step.SendListing, session.OnLine("UIDL"u8, reply));
        int pieces = 0;
        bool more;
        do
        {
            reply.ResetWrittenCount();
            more = session.WriteListing(reply, 16 * 1024);
            Assert.InRange(reply.WrittenCount, 1, 17 * 1024);
            pieces++;
        }
        while (more);
        Assert.InRange(pieces, 2, count);
        Assert.True(reply.WrittenSpan.EndsWith("100000 99999\r\n.\r\n"u8));
    }

    [Fact]
    public void Names_that_would_break_a_line_are_made_plain()
    {
        TestHome.AddMessage(_maildir, "new/a\nb c\u007f:2,S", 9, "x");
        using Maildrop drop = Open();
        System.Buffers.ArrayBufferWriter<byte> reply = new();
        new Pop3Session(drop).OnLine("UIDL 1"u8, reply);
        Assert.Equal("+OK 1 a_b_c_\r\n"u8, reply.WrittenSpan);
        Assert.True(drop.TryRemove(0));
    }

    [Theory]
    [InlineData("new/1.a", "cur/1.a:2,")] // Another session's QUIT.
    [InlineData("new/1.a", "cur/1.a:2,RS")]
    [InlineData("new/1.a", "cur/1.a")]
    [InlineData("cur/1.a:2,", "cur/1.a:2,S")]
    [InlineData("cur/1.a:2,S", "cur/1.a:2,FRSTabcz")]
    [InlineData("cur/1.a:2,FRS", "cur/1.a:2,")]
    [InlineData("cur/1.a:2,S", "new/1.a")] // Marked as unread by one that does it so.
    [InlineData("cur/1.a,S=1:2,S", "cur/1.a,S=1:1,x:y")]
    public void What_is_renamed_is_found_by_its_name_up_to_the_colon(string from, string to)
    {
        foreach (bool removes in (bool[])[false, true])
        {
            TestHome.AddMessage(_maildir, from, 9, "x");
            TestHome.AddMessage(_maildir, "cur/1.ab:2,S", 8, "of another name");
            using Maildrop drop = Open();
            byte[] id = drop.UniqueIdOf(0).ToArray();
            Rename(from, to);
            if (removes)
            {
                Assert.True(drop.TryRemove(0));
                Assert.False(File.Exists(In(to)));
            }
            else
            {
                Assert.Equal("x", Read(drop, 0));
                File.Delete(In(to));
            }

            Assert.Equal(id, drop.UniqueIdOf(0));
            Assert.Equal(1, drop.SizeOf(0));
            Assert.Equal("of another name", Read(drop, 1));
        }
    }

    [Fact]
    public void What_is_renamed_again_and_again_is_found_each_time()
    {
        TestHome.AddMessage(_maildir, "new/1.a", 9, "x");
        TestHome.AddMessage(_maildir, "new/2.b", 8, "y");
        using Maildrop drop = Open();
        string at = "new/1.a";
        foreach (string next in (string[])["", "S", "RS", "FRS", "S", "", "T"])
        {
            Rename(at, at = $"cur/1.a:2,{next}");
            Assert.Equal("x", Read(drop, 0));
            Assert.Equal("y", Read(drop, 1));
        }

        drop.MarkSeen(0); // It is in cur, with its flags.
        Assert.True(File.Exists(In("cur/1.a:2,T")));
        Rename(at, "cur/1.a:2,X");
        Assert.True(drop.TryRemove(0));
    }

    [Fact]
    public void What_is_gone_is_an_error_and_the_rest_is_found()
    {
        const int count = 2000;
        for (int i = 0; i < count; i++)
        {
            TestHome.AddMessage(_maildir, $"new/{i:d4}", 9, $"{i}");
        }

        using Maildrop drop = Open();
        for (int i = 0; i < count; i++)
        {
            if (i % 2 == 0)
            {
                File.Delete(In($"new/{i:d4}"));
            }
            else
            {
                Rename($"new/{i:d4}", $"cur/{i:d4}:2,S");
            }
        }

        for (int i = 0; i < count; i++)
        {
            Assert.Equal(i % 2 == 0 ? null : $"{i}", Read(drop, i));
            Assert.Equal(i % 2 != 0, drop.TryRemove(i));
        }

        Assert.Equal(count, drop.Count);
        Assert.Equal("1998"u8, drop.UniqueIdOf(1998));
    }

    [Fact]
    public void Two_of_one_name_are_not_taken_for_each_other()
    {
        TestHome.AddMessage(_maildir, "new/1.a", 9, "x");
        TestHome.AddMessage(_maildir, "cur/1.a:2,S", 8, "y");
        TestHome.AddMessage(_maildir, "new/2.b", 7, "z");
        using Maildrop drop = Open();
        File.Delete(In("new/1.a"));
        Assert.Null(Read(drop, 0));
        Assert.False(drop.TryRemove(0));
        Assert.Equal("y", Read(drop, 1));

        Rename("new/2.b", "cur/2.b:2,");
        File.WriteAllText(In("cur/2.b:2,S"), "which?");
        Assert.False(drop.TryRemove(2));
        File.Delete(In("cur/2.b:2,S"));
        Assert.Null(Read(drop, 2)); // It was looked for.
    }

    [Theory]
    [InlineData("new/1.a")]
    [InlineData("cur/1.a:2,S")]
    public void No_link_is_followed(string place)
    {
        string secret = _home.In("secret");
        File.WriteAllText(secret, "secret");
        TestHome.AddMessage(_maildir, "new/1.a", 9, "x");
        TestHome.AddMessage(_maildir, "new/2.b", 9, "y");
        File.CreateSymbolicLink(In("new/3.c"), secret);
        using Maildrop drop = Open();
        Assert.Equal(2, drop.Count);
        File.Delete(In("new/1.a"));
        File.CreateSymbolicLink(In(place), secret);
        Assert.Null(Read(drop, 0));
        drop.TryRemove(0);
        Assert.True(File.Exists(secret));
        Assert.Equal("y", Read(drop, 1));
    }

    private string In(string name) => Path.Combine(_maildir, name);

    private void Rename(string from, string to) => File.Move(In(from), In(to));

    private static string? Read(Maildrop drop, int index)
    {
        int fd = drop.TryOpenMessage(index);
        if (fd < 0)
        {
            return null;
        }

        byte[] content = new byte[100];
        int got = Fd.Read(fd, content);
        Fd.Close(fd);
        return System.Text.Encoding.ASCII.GetString(content, 0, got);
    }

    private Maildrop Open() =>
        Maildrop.TryOpen(Fd.PathBytes(_maildir), ManualTime.Start, out _)!;
}
