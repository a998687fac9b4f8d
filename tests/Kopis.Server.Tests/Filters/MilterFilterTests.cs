using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Milter;
using Kopis.Server.Filters;

namespace Kopis.Server.Tests.Filters;

/// <summary>A milter's dialog on real sockets. More of it is in test_qmail_smtpd_milters.
/// </summary>
public sealed class MilterFilterTests : IDisposable
{
    // Version 6, no changes, all steps.
    private static readonly byte[] Agreed =
        [0, 0, 0, 13, (byte)'O', 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public void Dispose() => _listener.Dispose();

    // Else each reply would be that to the question before, and the last would count for nothing.
    [Fact]
    public async Task A_late_reply_is_not_taken_for_the_next_one()
    {
        _listener.Start();
        _ = ServeAsync();
        int port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Assert.True(FilterRule.TryParse(
            Encoding.Latin1.GetBytes($"inet:127.0.0.1:{port} command=2"), out FilterRule? rule));
        HeldRoom room = new();
        FilteredMail mail = new("id", new MilterClient([], 'U', 0, [], []), "s@d"u8.ToArray(), []);
        await using MessageFilters filters = new(
            [new MilterFilter(new MilterPool(rule, TimeProvider.System), mail, room,
                TimeProvider.System)],
            mail, static _ => { }, new LogThrottle(static _ => { }, TimeProvider.System),
            TimeProvider.System);

        Assert.Null(await filters.OnSenderAsync(CancellationToken.None));
        Assert.Null(await filters.OnRecipientAsync("a@d"u8.ToArray(), CancellationToken.None));
        Assert.Equal(
            MessageFilters.Away,
            await filters.OnRecipientAsync("slow@d"u8.ToArray(), CancellationToken.None));
        Assert.Null(await filters.OnRecipientAsync("b@d"u8.ToArray(), CancellationToken.None));
        using HeldBytes message = new(room);
        await message.AppendAsync("A: b\n\nhi\n"u8.ToArray());
        FilterOutcome outcome = await filters.OnMessageAsync(
            message, 0, "Fs@d\0Ta@d\0Tb@d\0\0"u8.ToArray());
        outcome.Draft?.Dispose();
        Assert.Equal(MilterAnswer.Rejected, outcome.Refusal);
    }

    [Fact]
    public async Task One_to_which_there_is_no_way_is_away()
    {
        MilterPool pool = new(new FilterRule("nowhere", new Nowhere()), TimeProvider.System);
        await Assert.ThrowsAsync<FilterAwayException>(
            () => pool.AcquireAsync(isNew: false, CancellationToken.None));
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = ConverseAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    // Rejects each message at its end. About one recipient it thinks for longer than it may.
    private static async Task ConverseAsync(TcpClient peer)
    {
        using TcpClient own = peer;
        NetworkStream stream = own.GetStream();
        byte[] length = new byte[4];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(length);
                byte[] packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
                await stream.ReadExactlyAsync(packet);
                if (packet[0] is (byte)'D' or (byte)'K' or (byte)'Q')
                {
                    continue;
                }

                if (packet.AsSpan().IndexOf("slow"u8) >= 0)
                {
                    await Task.Delay(3000);
                }

                char answer = packet[0] == (byte)'E' ? 'r' : 'c';
                await stream.WriteAsync(
                    packet[0] == (byte)'O' ? Agreed : [0, 0, 0, 1, (byte)answer]);
            }
        }
        catch (IOException)
        {
            // It was left.
        }
    }

    private sealed class Nowhere : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Ipx;
    }
}
