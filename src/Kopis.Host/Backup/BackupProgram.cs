using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Backup;

/// <summary><c>kopis backup</c>, <c>verify</c> and <c>restore</c> (kopis-backup(1)).</summary>
public static class BackupProgram
{
    private const string BackupUsage = """
        usage: kopis backup [--mail] [--json] [--progress] DIRECTORY
               kopis backup [--mail] [--json] [--progress] -

        Copies settings, users, secrets and the queue of the home, which may be in use, to a
        directory, or as a tar archive to standard output; with --mail, mailboxes too.

        """;

    private const string VerifyUsage = """
        usage: kopis verify [--json] [--progress] DIRECTORY
               kopis verify [--json] [--progress] -

        Checks that a backup is whole, that its contents are what they were, and that the queue in
        it can be read. A - is a tar archive on standard input.

        """;

    private const string RestoreUsage = """
        usage: kopis restore [--json] [--progress] DIRECTORY
               kopis restore [--json] [--progress] -

        Makes the home as it was in a backup. The home must be new, and Kopis must not run in it.
        A - is a tar archive on standard input.

        """;

    /// <summary>Makes a backup.</summary>
    public static int Backup(ProgramContext context) =>
        Run(context, BackupUsage, words => words.IsStream
            ? InTemporary(place => Backup(context, words, place))
            : Backup(context, words, Path.GetFullPath(words.Place)));

    /// <summary>Checks a backup.</summary>
    public static int Verify(ProgramContext context) =>
        Run(context, VerifyUsage, words => WithPlace(words, place => Verify(words, place)));

    /// <summary>Restores a backup into a new home.</summary>
    public static int Restore(ProgramContext context) =>
        Run(context, RestoreUsage, words => WithPlace(
            words, place => Restore(context, words, place)));

    private static int Run(
        ProgramContext context, string usage, Func<BackupWords, int> work)
    {
        if (BackupWords.Parse(context, mayHaveMail: context.Name == "backup") is not { } words)
        {
            bool isAsked = context.ArgumentText(0) is "--help" or "-h";
            Fd.WriteAll(isAsked ? 1 : 2, Encoding.UTF8.GetBytes(usage));
            return isAsked ? ExitCode.Success : ExitCode.Permanent;
        }

        try
        {
            return work(words);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static int WithPlace(BackupWords words, Func<string, int> work) => words.IsStream
        ? InTemporary(place =>
        {
            BackupStream.Read(place);
            return work(place);
        })
        : work(Path.GetFullPath(words.Place));

    private static int InTemporary(Func<string, int> work)
    {
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("kopis-backup-");
        try
        {
            return work(temporary.FullName);
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    private static int Backup(ProgramContext context, BackupWords words, string place)
    {
        DateTimeOffset began = TimeProvider.System.GetUtcNow();
        BackupProgress progress = new("backup", words.WithProgress);
        using BackupStore store = BackupStore.OpenToWrite(place);
        BackupManifest? earlier = store.ReadManifest();
        if (earlier is { HasMail: true } && !words.WithMail)
        {
            throw new ConfigurationException(
                $"{place} has mailboxes, which a backup without --mail would take out: add --mail, "
                + "or take another directory", ExitCode.Permanent);
        }

        BackupMemory memory = new(earlier);
        using HomeReader reader = new(context.Home, store, memory, progress);
        foreach (string room in BackupManifest.AllRooms.Where(room => room is not "queue"))
        {
            reader.AddRoom(room, withMail: false);
        }

        if (!reader.Entries.ContainsKey("control/me"))
        {
            throw new ConfigurationException(
                $"{context.Home} has no control/me: it is no home", ExitCode.Permanent);
        }

        QueueCheck? queue = new QueueReader(context.Home, reader, store).Read();
        if (words.WithMail)
        {
            // Mailboxes come last: what the queue's copy calls delivered is in a mailbox by now.
            reader.AddRoom("users/mail", withMail: true);
            reader.AddRoom("alias", withMail: true);
        }

        foreach ((ulong number, string why) in queue?.Unreadable ?? new Dictionary<ulong, string>())
        {
            progress.Warn($"it cannot be read in the queue: {why}", $"message {number}");
        }

        BackupManifest manifest = new()
        {
            Began = began,
            Home = context.Home,
            HasMail = words.WithMail,
            Unfinished = queue?.Unfinished.Count ?? 0,
            Entries = [.. reader.Entries.Values],
        };
        store.Finish(manifest);
        if (words.IsStream)
        {
            BackupStream.Write(store, manifest);
        }

        words.Say(
            $"{manifest.Entries.Count} names, {progress.Bytes} bytes read, "
                + $"{manifest.Unfinished} messages in the queue",
            ("began", began.UtcDateTime.ToString("O")), ("names", manifest.Entries.Count),
            ("bytes_read", progress.Bytes), ("unfinished", manifest.Unfinished),
            ("mail", manifest.HasMail), ("warnings", progress.Warnings));
        return ExitCode.Success;
    }

    private static int Verify(BackupWords words, string place)
    {
        BackupProgress progress = new("verify", words.WithProgress);
        using BackupStore store = BackupStore.Open(place);
        List<string> faults = [];
        BackupManifest? manifest = store.ReadManifest();
        if (manifest is null)
        {
            faults.Add("there is no list of a whole backup");
        }
        else
        {
            faults.AddRange(BackupCheck.Contents(manifest, store, progress));
            faults.AddRange(BackupCheck.Queue(manifest, store));
        }

        foreach (string fault in faults)
        {
            Fd.WriteAll(2, Encoding.UTF8.GetBytes($"verify: {fault}\n"));
        }

        words.Say(
            faults.Count > 0 ? $"{faults.Count} faults"
                : $"whole: {manifest!.Entries.Count} names of {manifest.Began:u}, "
                + $"{manifest.Unfinished} messages in the queue",
            ("whole", faults.Count == 0), ("names", manifest?.Entries.Count ?? 0),
            ("unfinished", manifest?.Unfinished ?? 0), ("faults", faults));
        return faults.Count == 0 ? ExitCode.Success : ExitCode.Permanent;
    }

    private static int Restore(ProgramContext context, BackupWords words, string place)
    {
        BackupProgress progress = new("restore", words.WithProgress);
        using BackupStore store = BackupStore.Open(place);
        BackupManifest manifest = store.ReadManifest()
            ?? throw new ConfigurationException(
                $"{words.Place} is no whole backup", ExitCode.Permanent);
        if (BackupCheck.Queue(manifest, store).FirstOrDefault() is { } fault)
        {
            throw new ConfigurationException($"{words.Place}: {fault}", ExitCode.Permanent);
        }

        new HomeRestore(context.Home, manifest, store, progress).Run();
        words.Say(
            $"{manifest.Entries.Count} names restored; {manifest.Unfinished} messages wait in the "
                + $"queue. What was delivered of them after {manifest.Began:u} comes twice; what "
                + "was accepted after it is not here",
            ("began", manifest.Began.UtcDateTime.ToString("O")), ("names", manifest.Entries.Count),
            ("unfinished", manifest.Unfinished),
            ("may_be_doubled_since", manifest.Began.UtcDateTime.ToString("O")));
        return ExitCode.Success;
    }
}
