using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Users.Settings;
using Kopis.Users.Tickets;

namespace Kopis.Server.Pop3;

/// <summary>The warm qmail-pop3d: serves the sessions that root grants it, all of one user of the
/// host, each as a process of its own would. It ends when root has closed its end and all sessions
/// are over.</summary>
/// <remarks>A grant is a packet with the end of a <see cref="ReaderGrant"/>. The socket to the
/// listener comes with it; our first byte on that is <see cref="ReaderRelay.Taken"/>.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
internal sealed class ReaderServer
{
    private const int SessionsMax = 1000; // Bounds a faulty listener; a few KB each.
    private const int ChannelsMax = 256; // To settings; as many as a dashboard's sessions.
    private const int PacketBytesMax = ReaderRequest.BytesMax;

    private readonly SemaphoreSlim _room = new(SessionsMax);
    private readonly SemaphoreSlim _roomForSettings = new(ChannelsMax);

    /// <summary>Serves until the grants end.</summary>
    internal void Run(int grants)
    {
        byte[] packet = new byte[PacketBytesMax];
        int got;
        while ((got = FdPassing.Receive(grants, packet, out int fd)) > 0)
        {
            SemaphoreSlim room = packet[0] == ReaderRequest.ForSettings ? _roomForSettings : _room;
            if (fd >= 0 && room.Wait(0))
            {
                byte[] grant = packet[..got];
                ErrorLog.Watch(Task.Run(() => ServeAsync(grant, fd, room)));
            }
            else
            {
                Fd.Close(fd);
            }
        }

        for (int i = 0; i < SessionsMax; i++)
        {
            _room.Wait();
        }

        for (int i = 0; i < ChannelsMax; i++)
        {
            _roomForSettings.Wait();
        }
    }

    private static async Task ServeAsync(byte[] grant, int fd, SemaphoreSlim room)
    {
        try
        {
            using Socket socket = new(new SafeSocketHandle(fd, ownsHandle: true));
            ReadOnlySpan<byte> names = grant.AsSpan(1);
            int end = names.IndexOf((byte)0);
            byte[] path = MailConversation.PathOf(names[(end + 1)..], names[..end]);
            string home = RawText.Of(names[(end + 1)..^1]);
            byte[]? key = SettingsServer.ParseKey(names[..end]);
            socket.Send([ReaderRelay.Taken]);
            if (grant[0] == ReaderRequest.ForSettings)
            {
                await (key is null ? Task.CompletedTask
                    : SettingsServer.ServeAsync(socket, home, TimeProvider.System, key));
                return;
            }

            await using Connection connection = Connection.OverSocket(
                socket, new ByteEnvironment(), TimeProvider.System, number: 0);
            await MailConversation.RunAsync(
                connection, path, grant[0] != 0, TimeProvider.System, CancellationToken.None);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The listener is gone.
        }
        finally
        {
            room.Release();
        }
    }
}
