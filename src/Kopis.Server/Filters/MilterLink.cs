using System.Buffers;
using System.Net.Sockets;
using Kopis.Mail.Milter;

namespace Kopis.Server.Filters;

/// <summary>A connection to a milter: sends packets and reads replies. Lengths are accepted only up
/// to <see cref="MilterPacket.ReplyBytesMax"/>.</summary>
internal sealed class MilterLink : IDisposable
{
    private const int InputBytesAtFirst = 4096;
    private const int OutputBytesKept = 256 * 1024; // A larger buffer is freed while idle.

    private readonly Socket _socket;
    private ArrayBufferWriter<byte> _output = new();
    private byte[] _input = new byte[InputBytesAtFirst];
    private int _start;
    private int _count;

    private MilterLink(Socket socket) => _socket = socket;

    /// <summary>What the two sides have negotiated.</summary>
    internal MilterAgreement Agreement { get; private set; } = null!;

    /// <summary>Whether it was used for an earlier message.</summary>
    internal bool IsReused { get; set; }

    /// <summary>When it was last used.</summary>
    internal long UsedAt { get; set; }

    /// <summary>Packets that wait for <see cref="FlushAsync"/>.</summary>
    internal ArrayBufferWriter<byte> Output => _output;

    /// <summary>Connects and negotiates.</summary>
    /// <exception cref="FilterAwayException">The connection or the negotiation failed.</exception>
    internal static async Task<MilterLink> OpenAsync(FilterRule rule, CancellationToken stop)
    {
        MilterLink? link = null;
        try
        {
            // Making a socket may fail as well: no descriptors, or no IPv6 on this host.
            link = new MilterLink(rule.EndPoint is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(rule.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                {
                    NoDelay = true,
                });
            await link._socket.ConnectAsync(rule.EndPoint, stop);
            MilterPacket.Write(link.Output, 'O', MilterAgreement.Offer);
            await link.FlushAsync(stop);
            MilterReply reply = await link.ReadAsync(stop);
            link.Agreement = (reply.Kind == MilterReplyKind.Negotiate
                ? MilterAgreement.TryParse(reply.First) : null)
                ?? throw new FilterAwayException("negotiates what was not offered");
            return link;
        }
        catch (SocketException e)
        {
            link?.Dispose();
            throw new FilterAwayException($"cannot be reached: {e.SocketErrorCode}");
        }
        catch (Exception)
        {
            link?.Dispose();
            throw;
        }
    }

    /// <summary>Sends the packets that wait.</summary>
    /// <exception cref="FilterAwayException">The connection is broken.</exception>
    internal async ValueTask FlushAsync(CancellationToken stop)
    {
        ReadOnlyMemory<byte> rest = _output.WrittenMemory;
        try
        {
            while (!rest.IsEmpty)
            {
                rest = rest[await _socket.SendAsync(rest, SocketFlags.None, stop)..];
            }
        }
        catch (SocketException e)
        {
            throw Broken(e.SocketErrorCode.ToString());
        }

        if (_output.Capacity > OutputBytesKept)
        {
            _output = new ArrayBufferWriter<byte>();
        }

        _output.ResetWrittenCount();
    }

    /// <summary>Reads a reply.</summary>
    /// <exception cref="FilterAwayException">The connection is broken, or the reply is malformed.
    /// </exception>
    internal async ValueTask<MilterReply> ReadAsync(CancellationToken stop)
    {
        await FillAsync(MilterPacket.LengthBytes, stop);
        int length = MilterPacket.ReadLength(_input.AsSpan(_start));
        if (length < 0)
        {
            throw new FilterAwayException("sends a packet of no possible length");
        }

        (_start, _count) = (_start + MilterPacket.LengthBytes, _count - MilterPacket.LengthBytes);
        await FillAsync(length, stop);
        bool isReply = MilterReply.TryParse(_input.AsSpan(_start, length), out MilterReply reply);
        (_start, _count) = (_start + length, _count - length);
        return isReply ? reply : throw new FilterAwayException("sends what is no reply");
    }

    /// <summary>Whether it can be used for another message: nothing has come that was not asked
    /// for, and it is still open.</summary>
    internal bool IsAtRest => _count == 0 && !_socket.Poll(0, SelectMode.SelectRead);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // The buffer grows only as bytes arrive, whatever length the packet gives.
    private async ValueTask FillAsync(int count, CancellationToken stop)
    {
        while (_count < count)
        {
            if (_start > 0)
            {
                _input.AsSpan(_start, _count).CopyTo(_input);
                _start = 0;
            }

            if (_count == _input.Length)
            {
                Array.Resize(ref _input, _input.Length * 2);
            }

            int got;
            try
            {
                got = await _socket.ReceiveAsync(_input.AsMemory(_count), SocketFlags.None, stop);
            }
            catch (SocketException e)
            {
                throw Broken(e.SocketErrorCode.ToString());
            }

            _count += got > 0 ? got : throw Broken("end of input");
        }
    }

    private static FilterAwayException Broken(string how) =>
        new($"ends the connection: {how}", isBroken: true);
}
