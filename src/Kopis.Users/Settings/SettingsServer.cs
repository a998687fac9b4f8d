using System.Net.Sockets;
using System.Text.Json;

namespace Kopis.Users.Settings;

/// <summary>The user's side of a channel: reads and writes his settings, as he. Whoever has the
/// other end can say what <see cref="UserSettings"/> has, and nothing else.</summary>
public static class SettingsServer
{
    /// <summary>A session of the dashboard's ends before.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(35);

    /// <summary>In all, whoever goes on asking: the right to these settings is no longer one.
    /// </summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(12);

    /// <summary>Serves to the end of the channel.</summary>
    /// <param name="socket">Our end; it stays the caller's.</param>
    /// <param name="home">The user's home.</param>
    /// <param name="clock">The clock.</param>
    public static async Task ServeAsync(Socket socket, string home, TimeProvider clock)
    {
        SettingsFiles files = new(home);
        using CancellationTokenSource life = new(LifeMax, clock);
        try
        {
            while (true)
            {
                using CancellationTokenSource idle = new(IdleMax, clock);
                using CancellationTokenSource limit =
                    CancellationTokenSource.CreateLinkedTokenSource(life.Token, idle.Token);
                if (await SettingsMessage.ReceiveAsync(socket, limit.Token) is not { } request)
                {
                    return;
                }

                await SettingsMessage.SendAsync(socket, Answer(files, request), limit.Token);
            }
        }
        catch (Exception e) when (e is SocketException or JsonException
            or OperationCanceledException)
        {
            // The other side is gone, or speaks of something else.
        }
    }

    private static byte[] Answer(SettingsFiles files, byte[] request)
    {
        try
        {
            (UserSettings? wanted, _) = SettingsMessage.Parse(request);
            return SettingsMessage.Make(wanted is null ? files.Read() : files.Write(wanted));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SettingsMessage.Make(null, e.Message);
        }
    }
}
