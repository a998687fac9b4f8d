using System.Text;
using Kopis.Mail.Dsn;
using Kopis.Mail.Filtering;
using Kopis.Server.Filters;

namespace Kopis.Server.Tests.Filters;

/// <summary>Lines of <c>milters</c>, envelopes that filters change, and messages that wait.
/// </summary>
public sealed class FilterTests
{
    [Theory]
    [InlineData("inet:127.0.0.1:25", true)]
    [InlineData("inet:[::1]:25", true)]
    [InlineData("inet:localhost:25", true)]
    [InlineData("unix:/run/x default=accept connect=1 command=540 message=3 keep", true)]
    [InlineData("local:/run/x quarantine=a@b once", true)]
    [InlineData("inet:127.0.0.1", false)]
    [InlineData("inet:::1:25", false)]
    [InlineData("inet:10.1:25", false)]
    [InlineData("inet:010.0.0.1:25", false)]
    [InlineData("inet:127.0.0.1:0", false)]
    [InlineData("inet:127.0.0.1:65536", false)]
    [InlineData("inet:127.0.0.1:+5", false)]
    [InlineData("inet:host.example:25", false)]
    [InlineData("unix:run/x", false)]
    [InlineData("/run/x", false)]
    [InlineData("unix:/run/x default=reject", false)]
    [InlineData("unix:/run/x message=541", false)]
    [InlineData("unix:/run/x command=0", false)]
    [InlineData("unix:/run/x once=1", false)]
    [InlineData("unix:/run/x quarantine=", false)]
    [InlineData("unix:/run/x word", false)]
    public void A_line_names_a_filter_and_known_words(string line, bool isOne) => Assert.Equal(
        isOne, FilterRule.TryParse(Encoding.Latin1.GetBytes(line), out _));

    [Fact]
    public void Recipients_come_and_go_and_the_others_keep_their_parameters()
    {
        byte[] envelope = Bytes("Fs@x\0PENVID=1\0Ta@X\0PNOTIFY=NEVER\0Tb@x\0TB@x\0\0");
        MessageChanges changes = new() { Sender = Bytes("t@y") };
        changes.Add(new RecipientEdit(Bytes("b@X"), IsAdded: false, default));
        changes.Add(new RecipientEdit(Bytes("a@x"), IsAdded: true, default));
        changes.Add(new RecipientEdit(
            Bytes("n@x"), IsAdded: true, new RecipientParameters { Notify = NotifyOn.Failure }));

        Assert.Equal(
            "Ft@y\0PENVID=1\0Ta@X\0PNOTIFY=NEVER\0TB@x\0Tn@x\0PNOTIFY=FAILURE\0\0",
            Encoding.Latin1.GetString(EnvelopeEdits.Apply(envelope, changes)));
        Assert.Equal(
            "Fs@x\0PENVID=1\0Tk@x\0PNOTIFY=NEVER\0\0",
            Encoding.Latin1.GetString(EnvelopeEdits.Only(envelope, Bytes("k@x"))));
    }

    [Fact]
    public void Case_counts_in_recipients_without_a_domain()
    {
        MessageChanges changes = new();
        changes.Add(new RecipientEdit(Bytes("JOE"), IsAdded: false, default));
        changes.Add(new RecipientEdit(Bytes("Ann"), IsAdded: true, default));
        Assert.Equal(
            "Fs@x\0Tjoe\0Tann\0TAnn\0\0",
            Encoding.Latin1.GetString(
                EnvelopeEdits.Apply(Bytes("Fs@x\0Tjoe\0Tann\0\0"), changes)));
    }

    [Fact]
    public async Task What_waits_is_the_same_in_memory_and_in_a_file()
    {
        HeldRoom room = new();
        foreach (int count in (int[])[0, 1, 10, 40])
        {
            using HeldBytes held = new(room);
            List<byte> wanted = [];
            for (int i = 0; i < count; i++)
            {
                byte[] block = [.. Enumerable.Repeat((byte)i, 10_000)];
                wanted.AddRange(block);
                await held.AppendAsync(block);
            }

            byte[] got = new byte[wanted.Count + 1];
            Assert.Equal(wanted.Count, await held.ReadAsync(0, got));
            Assert.Equal(wanted, got[..^1]);
            Assert.Equal(wanted.Count, held.Length);
            Assert.Equal(Math.Min(5, wanted.Count),
                await held.ReadAsync(wanted.Count - Math.Min(5, wanted.Count), got));
            Assert.InRange(room.Bytes, 0, HeldBytes.InMemoryBytesMax);
        }

        Assert.Equal(0, room.Bytes);
    }

    [Fact]
    public async Task All_that_wait_share_their_memory()
    {
        HeldRoom room = new();
        List<HeldBytes> all = [];
        for (int i = 0; i < 200; i++)
        {
            HeldBytes held = new(room);
            all.Add(held);
            await held.AppendAsync(new byte[HeldBytes.InMemoryBytesMax]);
            Assert.InRange(room.Bytes, 0, HeldRoom.BytesMax);
            Assert.Equal(HeldBytes.InMemoryBytesMax, held.Length);
        }

        all.ForEach(held => held.Dispose());
        Assert.Equal(0, room.Bytes);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
