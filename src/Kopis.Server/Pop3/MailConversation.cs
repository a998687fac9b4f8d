using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kopis.Mail.Pop3;
using Kopis.Net;
using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>A session of qmail-pop3d, by hand or in a listener. It passes lines to the grammar,
/// sends messages and listings at the client's pace, and deletes messages on the disk at QUIT.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "RunAsync disposes what it opened.")]
internal sealed class MailConversation : ILineProtocol
{
    /// <summary>For a line, and for each block of a reply (contract §10.3).</summary>
    internal static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(1200);

    /// <summary>Tells qmail-pop3d that the client knows response codes (RFC 2449 §8), since it
    /// asked for our capabilities before the login.</summary>
    internal const string CodesVariable = "POP3CODES";

    private const int BlockBytes = 16 * 1024; // Of a message or listing between two flushes.

    private readonly Connection _connection;
    private readonly Maildrop _drop;
    private readonly Pop3Session _session;
    private Pop3Step _step;

    private MailConversation(Connection connection, Maildrop drop)
    {
        _connection = connection;
        _drop = drop;
        _session = new Pop3Session(drop);
    }

    int ILineProtocol.LineBytesMax => Pop3Limits.LineBytesMax;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        _step = _session.OnLine(line, reply);
        return _step == Pop3Step.NextLine ? LineStep.Continue : LineStep.Pause;
    }

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply)
    {
        reply.Write(Pop3Reply.SyntaxError);
        return LineStep.Continue;
    }

    /// <summary>The path of a Maildir, which is relative to the home unless it is absolute.
    /// </summary>
    /// <param name="home">Bytes with a NUL at the end.</param>
    /// <param name="maildir">The argument of qmail-pop3d.</param>
    internal static byte[] PathOf(ReadOnlySpan<byte> home, ReadOnlySpan<byte> maildir) =>
        maildir is [(byte)'/', ..] ? [.. maildir, 0]
            : [.. home[..^1], (byte)'/', .. maildir, 0];

    /// <summary>Serves a Maildir until the session ends.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="maildir">The path: bytes with a NUL at the end.</param>
    /// <param name="knowsCodes">See <see cref="CodesVariable"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">The listener is ending.</param>
    internal static async Task RunAsync(
        Connection connection, byte[] maildir, bool knowsCodes, TimeProvider time,
        CancellationToken stop)
    {
        using Maildrop? drop =
            Maildrop.TryOpen(maildir, time.GetUtcNow(), out MaildropFault fault);
        if (drop is null)
        {
            connection.Output.Write(fault == MaildropFault.Missing
                ? Pop3Code.Add(Pop3Reply.NoMaildir, Pop3Code.Permanent, knowsCodes)
                : Pop3Code.Add(Pop3Reply.NoScan, Pop3Code.Temporary, knowsCodes));
            connection.SetDeadline(IdleTimeout);
            await connection.FlushAsync();
            return;
        }

        connection.Output.Write(Pop3Reply.Ok);
        MailConversation conversation = new(connection, drop);
        LinePump pump = new(connection, conversation);
        bool more = true;
        while (more)
        {
            more = await pump.RunAsync(IdleTimeout, stop) == PumpEnd.Paused
                && await conversation.ContinueAsync();
        }
    }

    // False if the session is over.
    private async Task<bool> ContinueAsync()
    {
        switch (_step)
        {
            case Pop3Step.SendListing:
                return await SendListingAsync();
            case Pop3Step.SendMessage:
                return await SendMessageAsync(_session.Message);
            default:
                Finish();
                await FlushAsync();
                return false;
        }
    }

    private async Task<bool> SendListingAsync()
    {
        while (_session.WriteListing(_connection.Output, BlockBytes))
        {
            if (!await FlushAsync())
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> SendMessageAsync(Pop3Message message)
    {
        int fd = _drop.TryOpenMessage(message.Index);
        if (fd < 0)
        {
            _connection.Output.Write(Pop3Reply.NoOpen);
            return true;
        }

        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            _connection.Output.Write(Pop3Reply.Ok);
            Pop3MessageEncoder encoder = new(message.BodyLines);
            int got;
            while ((got = Fd.Read(fd, block)) > 0
                && encoder.Write(block.AsSpan(0, got), _connection.Output))
            {
                if (!await FlushAsync())
                {
                    return false;
                }
            }

            encoder.Finish(_connection.Output);
            return true;
        }
        catch (PosixException)
        {
            return false; // The disk failed: do not fake a whole message.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            Fd.Close(fd);
        }
    }

    private void Finish()
    {
        for (int i = 0; i < _drop.Count; i++)
        {
            if (!_session.IsDeleted(i))
            {
                _drop.MarkSeen(i);
            }
            else if (!_drop.TryRemove(i))
            {
                _connection.Output.Write(Pop3Reply.NoUnlink);
            }
        }

        _drop.ReportQuota();
        _connection.Output.Write(Pop3Reply.Ok);
    }

    private ValueTask<bool> FlushAsync()
    {
        _connection.SetDeadline(IdleTimeout);
        return _connection.FlushAsync();
    }
}
