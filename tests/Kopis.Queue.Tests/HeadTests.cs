using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>Header fields that a client knows only when it has sent the message.</summary>
public sealed class HeadTests
{
    private const string Fields = "Authentication-Results: mx.example; none\n";

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(QueueLimits.InlineBodyBytesMax - QueueLimits.HeadRoomBytes - 20)]
    [InlineData(QueueLimits.InlineBodyBytesMax - QueueLimits.HeadRoomBytes + 20)]
    [InlineData(QueueLimits.InlineBodyBytesMax)]
    [InlineData(1_000_000)]
    public async Task They_go_between_the_queues_line_and_the_message(int bytes)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        string body = string.Concat(Enumerable.Range(0, bytes).Select(i => (char)('a' + (i % 26))));

        QueueReply reply = await SendAsync(home, body, Fields);

        Assert.Equal(0, reply.Code);
        using MessageFile file = MessageFile.Open(home.Mess, reply.MessageNumber);
        Assert.EndsWith(
            $"-0000\n{Fields}{body}", QueueHome.Describe(file), StringComparison.Ordinal);
        Assert.StartsWith("s@x>a@x:Received: (qmail ", QueueHome.Describe(file),
            StringComparison.Ordinal);
        Assert.Equal(MessageOrigin.Submitted, file.Origin);
        using QueuedBody queued =
            QueuedBody.Open(Posix.FileSystem.Real, home.Mess, reply.MessageNumber);
        byte[] all = new byte[queued.Length];
        Assert.Equal(all.Length, queued.Read(0, all));
        Assert.EndsWith(Fields + body, Encoding.Latin1.GetString(all), StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_may_be_none()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);

        QueueReply reply = await SendAsync(home, "body", "");

        Assert.Equal(0, reply.Code);
        Assert.EndsWith("-0000\nbody", Assert.Single(home.Messages()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_of_both_kinds_may_go_over_one_connection()
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        socket.Send([
            .. Frame(headFollows: true, ("M", "one\n"), ("H", Fields), ("E", Good)),
            .. Frame(headFollows: false, ("M", "two\n"), ("E", Good)),
        ]);

        Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        Assert.Equal(0, Frames.Answer(socket)!.Value.Code);
        Assert.EndsWith($"\n{Fields}one\n", home.Messages()[0], StringComparison.Ordinal);
        Assert.EndsWith("-0000\ntwo\n", home.Messages()[1], StringComparison.Ordinal);
    }

    /// <summary>Who submits over the network is believed; of anyone else the kernel says who he
    /// is. A client without a number is an older one.</summary>
    [Theory]
    [InlineData(MessageOrigin.Submitted, 0xFFFF_FFFEu, 0xFFFF_FFFEu)]
    [InlineData(MessageOrigin.Network, 7u, 7u)]
    [InlineData(MessageOrigin.Network, 0u, 0u)]
    [InlineData(MessageOrigin.Local, 7u, 0u)]
    public async Task Who_submits_over_the_network_is_kept(
        MessageOrigin origin, uint client, uint kept)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using IntakePool pool = new(home.Path);
        for (int i = 0; i < 2; i++) // Over one connection.
        {
            await using IIntakeMessage message =
                await pool.BeginAsync(origin, qp: 0, stop, headFollows: i == 0, client);
            await message.WriteAsync(Encoding.Latin1.GetBytes("body\n"), stop);
            QueueReply reply = await message.FinishAsync(Encoding.Latin1.GetBytes(Good), stop);
            using MessageFile file = MessageFile.Open(home.Mess, reply.MessageNumber);
            Assert.Equal((kept, origin), (file.Client, file.Origin));
        }
    }

    [Fact]
    public void A_number_is_that_of_a_login_or_of_an_addresss_network()
    {
        uint ann = ClientNumber.Of("ann@x"u8.ToArray(), IPAddress.Parse("192.0.2.1"));
        Assert.Equal(ann, ClientNumber.Of("ann@x"u8.ToArray(), IPAddress.Parse("192.0.2.2")));
        uint[] others =
        [
            ClientNumber.Of("bob@x"u8.ToArray(), null), Of("192.0.2.1"), Of("192.0.2.2"),
            Of("2001:db8::1"), Of("2001:db8:1::1"), 0,
        ];
        Assert.DoesNotContain(ann, others);
        Assert.Equal(others.Length, others.Distinct().Count());
        Assert.Equal(Of("2001:db8::1"), Of("2001:db8::ffff"));
        Assert.Equal(Of("2001:db8::1"), Of("2001:db8:0:1::1"));
        Assert.Equal(Of("192.0.2.1"), Of("::ffff:192.0.2.1"));
        Assert.Equal(0u, ClientNumber.Of(null, null));

        static uint Of(string address) => ClientNumber.Of(null, IPAddress.Parse(address));
    }

    [Theory]
    [InlineData(false, 10, 1)] // Nothing was said of them.
    [InlineData(true, 10, 2)] // Twice.
    [InlineData(true, QueueLimits.HeadBytesMax + 1, 1)]
    public async Task Others_end_the_connection(bool headFollows, int bytes, int times)
    {
        using QueueHome home = new();
        await using RunningWriter writer = new(home);
        using Socket socket = writer.Connect();
        (string, string)[] heads =
            [.. Enumerable.Repeat(("H", new string('x', bytes)), times)];
        socket.Send(Frame(headFollows, [("M", "x\n"), .. heads, ("E", Good)]));
        socket.Shutdown(SocketShutdown.Send);

        Assert.Null(Frames.Answer(socket));
        Assert.Empty(home.Messages());
    }

    private const string Good = "Fs@x\0Ta@x\0\0";

    private static async Task<QueueReply> SendAsync(QueueHome home, string body, string fields)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using IntakePool pool = new(home.Path);
        await using IIntakeMessage message = await pool.BeginAsync(
            MessageOrigin.Submitted, qp: 0, stop, headFollows: true);
        await message.WriteAsync(Encoding.Latin1.GetBytes(body), stop);
        if (fields.Length > 0)
        {
            await message.WriteHeadAsync(Encoding.Latin1.GetBytes(fields), stop);
        }

        return await message.FinishAsync(Encoding.Latin1.GetBytes(Good), stop);
    }

    private static byte[] Frame(bool headFollows, params (string Tag, string Text)[] frames)
    {
        ArrayBufferWriter<byte> to = new();
        IntakeFrame.WriteBegin(to, MessageOrigin.Network, 0, headFollows);
        foreach ((string tag, string text) in frames)
        {
            IntakeFrame.WriteHead(to, (byte)tag[0], text.Length);
            to.Write(Encoding.Latin1.GetBytes(text));
        }

        return to.WrittenSpan.ToArray();
    }
}
