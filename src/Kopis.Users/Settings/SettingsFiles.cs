using Kopis.Posix;

namespace Kopis.Users.Settings;

/// <summary>Reads and writes the files in a user's home that hold <see cref="UserSettings"/>, as
/// that user: <c>.qmail</c> and <c>.vacation.msg</c>.</summary>
/// <param name="home">The home.</param>
/// <param name="clock">The clock.</param>
internal sealed class SettingsFiles(string home, TimeProvider clock)
{
    private const string Instructions = ".qmail";
    private const string Answer = ".vacation.msg";
    private const string Answered = ".vacation.senders";
    private const string Guard = ".vacation.lock"; // vacation(1) holds it while it answers.
    private const int FileBytesMax = 64 * 1024; // vacation(1) refuses larger answers.
    private const int OwnerFile = 0x180; // 0600
    private const int OwnerExecutes = 0x40; // 0100
    private const int NotOthersWrite = 0x1ED; // 0755: otherwise qmail-local defers mail.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a write waits for another write, or for vacation(1).</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="IOException">The files must not be read, or have more than settings can
    /// express.</exception>
    internal UserSettings Read()
    {
        using Beneath tree = Open();
        return Read(tree, ReadOne(tree, Instructions), out _);
    }

    /// <summary>Writes the settings; each file is replaced whole, or not at all. One process of a
    /// user writes at a time. Waiting for another one blocks no thread, since all users share the
    /// threads.</summary>
    /// <exception cref="IOException">The settings are invalid, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The caller no longer waits.</exception>
    internal async Task<UserSettings> WriteAsync(UserSettings settings, CancellationToken stop)
    {
        using Beneath tree = Open();
        int guard = await HoldAsync(tree, stop);
        try
        {
            return Write(tree, settings);
        }
        finally
        {
            Fd.Close(guard);
        }
    }

    private static UserSettings Write(Beneath tree, UserSettings wanted)
    {
        byte[] content = ReadOne(tree, Instructions);
        int mode = tree.TryStatus(Instructions)?.Permissions ?? OwnerFile;
        UserSettings before = Read(tree, content, out MailInstructions instructions);
        UserSettings settings = wanted with { AwayText = wanted.AwayText ?? before.AwayText };
        string? fault = settings.Fault()
            ?? instructions.Fault(settings, (mode & OwnerExecutes) != 0)
            ?? (settings.AwayText is not null && before.AwayText is null
                ? "the answer was written by hand; change .vacation.msg itself"
            : settings.IsAway && !before.IsAway && tree.TryStatus(Answer)?.Size > FileBytesMax
                ? "the answer is longer than vacation(1) takes"
            : null);
        if (fault is not null)
        {
            throw new IOException(fault);
        }

        if (settings.AwayText is { } text && text != before.AwayText)
        {
            Replace(tree, Answer, AwayMessage.Make(text), OwnerFile);
        }

        if (settings.IsAway && !before.IsAway)
        {
            tree.TryUnlink(Answered); // Senders who were answered the last time are answered again.
        }

        byte[] next = instructions.With(settings);
        if (!next.AsSpan().SequenceEqual(content))
        {
            Replace(tree, Instructions, next, (mode & NotOthersWrite) | OwnerFile);
        }

        return Read(tree, next, out _);
    }

    // The file has mode 0600, so that nobody else can open and lock it.
    private async Task<int> HoldAsync(Beneath tree, CancellationToken stop)
    {
        const OpenFlags flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking;
        int guard = tree.Open(Guard, flags, OwnerFile);
        try
        {
            FileStatus status = Fd.Status(guard);
            if (!status.IsRegular || status.Uid != Processes.EffectiveUid)
            {
                throw new IOException($"{Guard} is not a file of the user's");
            }

            if (status.Permissions != OwnerFile)
            {
                tree.SetMode(Guard, OwnerFile);
            }

            long began = clock.GetTimestamp();
            while (!Fd.TryLockExclusive(guard))
            {
                if (clock.GetElapsedTime(began) >= Patience)
                {
                    throw new IOException("the files are in use at present; try again");
                }

                await Task.Delay(Pause, clock, stop); // flock(2) has no timeout.
            }

            return guard;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            Fd.Close(guard);
            throw;
        }
    }

    private Beneath Open() => Beneath.TryOpenOwn(home)
        ?? throw new IOException("the home is not its user's alone");

    private static UserSettings Read(
        Beneath tree, byte[] content, out MailInstructions instructions)
    {
        instructions = MailInstructions.Parse(content)
            ?? throw new IOException(
                "the file .qmail has instructions that this page does not know; change it by hand");
        byte[]? answer = TryReadOne(tree, Answer, out int errno);
        return answer is null && errno != Errno.FileTooLarge
            ? throw new PosixException($"read {Answer}", errno)
            : new UserSettings(
                instructions.Forwards, instructions.HasMailbox, instructions.HasVacation,
                answer is null ? null : AwayMessage.Parse(answer));
    }

    private static byte[] ReadOne(Beneath tree, string name) =>
        TryReadOne(tree, name, out int errno) ?? throw new PosixException($"read {name}", errno);

    // A missing file counts as empty.
    private static byte[]? TryReadOne(Beneath tree, string name, out int errno) =>
        tree.TryReadFile(name, FileBytesMax, out errno, Processes.EffectiveUid)
        ?? (errno == Errno.NoEntry ? [] : null);

    private static void Replace(Beneath tree, string name, byte[] content, int mode)
    {
        if (content.Length == 0)
        {
            tree.TryUnlink(name);
            if (tree.TryStatus(name) is not null)
            {
                throw new IOException($"{name} cannot be removed");
            }

            tree.SyncDirectory("");
            return;
        }

        tree.Replace(name, $"{name}.kopis-new", content, mode);
    }
}
