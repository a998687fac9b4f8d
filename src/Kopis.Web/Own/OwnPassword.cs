using System.Net.Sockets;
using System.Text;
using Kopis.Posix;
using Kopis.Web.Live;

namespace Kopis.Web.Own;

/// <summary>Changes the password of a virtual user by <c>kopis user change-password</c>, which
/// checks the current one itself. On an installed host that program runs as root behind the socket
/// of <c>kopis-passwd.socket</c>; in single-user mode we run it.</summary>
/// <param name="home">The home.</param>
/// <param name="program">Runs it.</param>
internal sealed class OwnPassword(string home, KopisProgram program) : IDisposable
{
    /// <summary>What the program says if the current password is wrong.</summary>
    internal const string Wrong = "the current password is wrong";

    private const int AtOnceMax = 2; // As many as the socket accepts.
    private const int AnswerBytesMax = 1024;
    private const string Done = "changed";
    private static readonly string[] Words = ["user", "change-password"];
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _places = new(AtOnceMax);
    private readonly HashSet<string> _accounts = []; // Guarded by a lock on itself.

    /// <summary>Changes a password.</summary>
    /// <param name="isOneUser">Whether all of Kopis runs as one user.</param>
    /// <param name="account">The user.</param>
    /// <param name="current">The current password.</param>
    /// <param name="wanted">The new password.</param>
    /// <returns>Why it was not changed; null: it was.</returns>
    internal async Task<string?> ChangeAsync(
        bool isOneUser, string account, string current, string wanted)
    {
        if (current.Contains('\n') || wanted.AsSpan().ContainsAny('\n', '\r', '\0'))
        {
            return "a password has no line ends";
        }

        lock (_accounts)
        {
            if (!_accounts.Add(account))
            {
                return "a change is under way";
            }
        }

        byte[] input = Encoding.UTF8.GetBytes($"{account}\n{current}\n{wanted}\n");
        try
        {
            return await _places.WaitAsync(TimeMax) ? await ChangeAsync(isOneUser, input)
                : "others change theirs at this moment";
        }
        finally
        {
            Array.Clear(input);
            lock (_accounts)
            {
                _accounts.Remove(account);
            }
        }
    }

    private async Task<string?> ChangeAsync(bool isOneUser, byte[] input)
    {
        try
        {
            string answer = Encoding.UTF8.GetString(isOneUser
                ? await program.RunAsync(Words, TimeMax, input) : await AskAsync(input)).Trim();
            return answer == Done ? null
                : answer.Length > 0 ? answer : "nobody changes passwords on this host";
        }
        catch (Exception e) when (e is IOException or SocketException
            or OperationCanceledException)
        {
            ErrorLog.Write($"kopis-web: change of a password: {e.Message}");
            return "nobody changes passwords on this host at present";
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async Task<byte[]> AskAsync(byte[] input)
    {
        using CancellationTokenSource limit = new(TimeMax);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(
            UnixListener.EndPoint(Path.Combine(home, "users", "passwd")), limit.Token);
        for (ReadOnlyMemory<byte> rest = input; !rest.IsEmpty;)
        {
            rest = rest[await socket.SendAsync(rest, limit.Token)..];
        }

        socket.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[AnswerBytesMax];
        int length = 0;
        int got;
        while (length < answer.Length
            && (got = await socket.ReceiveAsync(answer.AsMemory(length), limit.Token)) > 0)
        {
            length += got;
        }

        return answer[..length];
    }
}
