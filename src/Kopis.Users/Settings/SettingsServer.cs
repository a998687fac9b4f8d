using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;

namespace Kopis.Users.Settings;

/// <summary>The user's end of a channel: reads and writes the user's settings, as that user. The
/// other end can change what <see cref="UserSettings"/> has, and nothing else, and only while the
/// login of the channel is valid: each request needs a current <see cref="SettingsRight"/>.
/// </summary>
public static class SettingsServer
{
    private const string Over = "the login does not hold any more";

    /// <summary>Sessions of the dashboard end before this time.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(35);

    /// <summary>The limit for the whole channel, even if requests keep coming.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(12);

    /// <summary>Parses the key of a channel from a grant; null: it has none.</summary>
    public static byte[]? ParseKey(ReadOnlySpan<byte> text)
    {
        byte[] key = new byte[SettingsRight.KeyBytes];
        return text.Length == 2 * key.Length
            && Convert.FromHexString(text, key, out int _, out int _) == OperationStatus.Done
            ? key : null;
    }

    /// <summary>Serves until the channel ends.</summary>
    /// <param name="socket">Our end; the caller closes it.</param>
    /// <param name="home">The user's home.</param>
    /// <param name="clock">The clock. For requests it must be the host's, which all processes
    /// share.</param>
    /// <param name="key">The key for <see cref="SettingsRight"/>; null: the other end has the same
    /// user and needs no right.</param>
    public static async Task ServeAsync(
        Socket socket, string home, TimeProvider clock, byte[]? key)
    {
        SettingsFiles files = new(home, clock);
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

                bool holds = TryParse(request, key, clock, out UserSettings? wanted);
                await SettingsMessage.SendAsync(
                    socket,
                    holds ? await AnswerAsync(files, wanted, limit.Token)
                        : SettingsMessage.Make(null, Over),
                    limit.Token);
                if (!holds)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or JsonException
            or OperationCanceledException)
        {
            // The other end is gone, or has sent something else.
        }
    }

    // False if the login is no longer valid, as far as we know.
    private static bool TryParse(
        byte[] request, byte[]? key, TimeProvider clock, out UserSettings? wanted)
    {
        (wanted, _, byte[] right) = SettingsMessage.Parse(request);
        return key is null
            || SettingsRight.IsGood(right, key, (long)clock.GetElapsedTime(0).TotalMilliseconds);
    }

    private static async Task<byte[]> AnswerAsync(
        SettingsFiles files, UserSettings? wanted, CancellationToken stop)
    {
        try
        {
            return SettingsMessage.Make(
                wanted is null ? files.Read() : await files.WriteAsync(wanted, stop));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SettingsMessage.Make(null, e.Message);
        }
    }
}
