using System.Net;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>The records of POP3 sessions in the journal (qmail-journal(5)).</summary>
/// <param name="socket">The connection to the journal.</param>
/// <param name="time">The clock.</param>
internal sealed class Pop3Journal(JournalSocket socket, TimeProvider time)
{
    /// <summary>Records the result of a login.</summary>
    internal void Login(
        Connection connection, IPAddress peer, bool isGood, ReadOnlySpan<byte> account)
    {
        JournalRecord record = Begin(
            stackalloc byte[JournalRecord.BytesMax], "login"u8, connection, peer);
        record.Text("result"u8, isGood ? "ok"u8 : "failed"u8);
        record.Text("login"u8, account);
        if (connection.Tls is { } tls)
        {
            record.Text("tls"u8, $"{tls.Protocol} {tls.Cipher}");
        }

        socket.Send(record.End());
    }

    /// <summary>Records the end of a session that had a login.</summary>
    internal void Close(Connection connection, ReadOnlySpan<byte> account, long since)
    {
        JournalRecord record = Begin(
            stackalloc byte[JournalRecord.BytesMax], "close"u8, connection,
            connection.Remote?.Address ?? IPAddress.None);
        record.Text("login"u8, account);
        record.Number("ms"u8, (long)time.GetElapsedTime(since).TotalMilliseconds);
        socket.Send(record.End());
    }

    private static JournalRecord Begin(
        Span<byte> room, ReadOnlySpan<byte> kind, Connection connection, IPAddress peer)
    {
        JournalRecord record = new(room, kind);
        record.Text("proto"u8, "pop3"u8);
        record.Number("session"u8, connection.Number);
        record.Text("ip"u8, peer.ToString());
        return record;
    }
}
