using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Queue.QmailFormat;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Tools.Queue;

namespace Kopis.Host.Queue;

/// <summary><c>kopis queue</c>: the queue for people, and to and from qmail (kopis-queue(1)).
/// </summary>
public static class QueueCommand
{
    private const int BlockBytes = 64 * 1024;
    private const int Alarm = 14;
    private const int StandardError = 2;
    private const int Bounces = 3; // To the process that writes queue/bounce, if it is another.
    private const string BouncesVariable = "KOPIS_BOUNCES";

    private const string Usage = """
        usage: kopis queue list [SELECTION] [--json]
               kopis queue show NUMBER [--json]
               kopis queue cat NUMBER
               kopis queue retry
               kopis queue hold|release|retry|remove SELECTION [--dry-run] [--json]
               kopis queue bounce SELECTION [--text TEXT] [--dry-run] [--json]
               kopis queue reroute SELECTION --to ADDRESS [--dry-run] [--json]
               kopis queue reroute SELECTION --via HOST[:PORT] [--dry-run] [--json]
               kopis queue import DIRECTORY
               kopis queue export DIRECTORY

        SELECTION is --all, or one or more of: NUMBER..., --sender ADDRESS, --recipient ADDRESS,
        --domain DOMAIN, --destination NAME, --older-than AGE, --younger-than AGE; an AGE is a
        number with s, m, h or d. What meets all of them is meant.

        Lists the queue, and changes it while mail runs; see kopis-queue(1). To import and export,
        mail must be stopped. The home is KOPIS_HOME, or else that of the program's own bin
        directory.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        try
        {
            return words switch
            {
                ["list"] => QmailQreadProgram.Run(context),
                ["show", string number] => Show(context, Number(number)),
                ["show", string number, "--json"] =>
                    Select(context, QueueVerb.List, [number, "--json"]),
                ["cat", string number] => Cat(context, Number(number)),
                ["retry"] => Retry(context),
                ["list", _, ..] => Select(context, QueueVerb.List, words[1..]),
                ["hold", ..] => Select(context, QueueVerb.Hold, words[1..]),
                ["release", ..] => Select(context, QueueVerb.Release, words[1..]),
                ["retry", ..] => Select(context, QueueVerb.Retry, words[1..]),
                ["bounce", ..] => Select(context, QueueVerb.Bounce, words[1..]),
                ["remove", ..] => Select(context, QueueVerb.Remove, words[1..]),
                ["reroute", ..] => Select(context, QueueVerb.Reroute, words[1..]),
                ["import", string directory] => Import(context, Path.GetFullPath(directory)),
                ["export", string directory] => Export(context, Path.GetFullPath(directory)),
                ["--help"] or ["-h"] => Say(1, Usage, ExitCode.Success),
                _ => Say(2, Usage, ExitCode.Permanent),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static int Show(ProgramContext context, ulong number)
    {
        QueueVerbs.GoOnAsOwner(context);
        Dictionary<uint, ListedRecipient> live = QueueVerbs.Ask(context, number);
        using MessageFile file = Open(context, number);

        // qmail-send lists all that is not done; queue/state is large where the queue is.
        QueueListing? listing = live.Count > 0 ? null : QueueListing.Read(context.Home);
        SavedMessage? saved = listing?.Find(number);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"message {number}\n");
        text.Append(CultureInfo.InvariantCulture, $"from <{Safe(file.Envelope.Sender)}>\n");
        text.Append(CultureInfo.InvariantCulture,
            $"came {QmailDate.Rfc822(file.Arrived)} by uid {file.Uid} qp {file.Qp}\n");
        text.Append(CultureInfo.InvariantCulture, $"bytes {file.BodyBytes}\n");
        int index = 0;
        foreach (ReadOnlyMemory<byte> recipient in file.Envelope.Recipients)
        {
            ListedRecipient? known = live.GetValueOrDefault((uint)index);
            bool isDone = listing is null ? known is null
                : saved is { IsEnded: true } || saved?.Done.Contains(index) == true;
            string state = isDone ? "done" : "to do";
            text.Append(CultureInfo.InvariantCulture, $"{state} <{Safe(recipient)}>\n");
            if (known is not null)
            {
                AddReason(text, known);
            }
            else if (saved?.Held?.Contains(index) == true)
            {
                text.Append("  held\n");
            }

            if ((known is { Via.Length: > 0 } ? known.Via
                : listing?.Routes.Find(saved?.Routes?.Of(index) ?? StateRoutes.Usual))
                is { } via)
            {
                text.Append(CultureInfo.InvariantCulture, $"  via {LogText.Safe(via)}\n");
            }

            index++;
        }

        AddFailures(text, context, file);
        return Say(1, text.ToString(), ExitCode.Success);
    }

    /// <summary>Why it is still here.</summary>
    private static void AddReason(StringBuilder text, ListedRecipient recipient)
    {
        text.Append(CultureInfo.InvariantCulture, $"  {QueueText.WaitsFor(recipient)}\n");
        if (QueueText.Last(recipient) is { } last)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {last}\n");
        }
    }

    /// <summary>What failed, as in the bounce, and which delays were reported to the sender.
    /// </summary>
    private static void AddFailures(StringBuilder text, ProgramContext context, MessageFile file)
    {
        using StoredBounces stored = new(
            context.Home, AddressMap.Read(ControlDirectory.Of(context)));
        List<ReadOnlyMemory<byte>> recipients = [.. file.Envelope.Recipients];
        foreach (BounceRecord record in FailedRecipients.Select(
            stored.Read(file.Number), recipients.Count, one => one.IsDelay))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"delay told <{Safe(recipients[record.Recipient])}>\n");
        }

        string before = "failed:\n";
        foreach (byte[] piece in stored.Text(file))
        {
            text.Append(before);
            text.Append(PrintableText.Lines(piece));
            before = "";
        }
    }

    private static int Cat(ProgramContext context, ulong number)
    {
        using MessageFile file = Open(context, number);
        byte[] block = new byte[BlockBytes];
        int got;
        for (long at = 0; (got = file.ReadBody(at, block)) > 0; at += got)
        {
            Fd.WriteAll(1, block.AsSpan(0, got));
        }

        return ExitCode.Success;
    }

    /// <summary>SIGALRM to qmail-send: the holder of its lock, as the kernel says.</summary>
    private static int Retry(ProgramContext context) =>
        FileLocks.HolderOf(context.In("queue/lock/sendmutex")) is > 1 and var pid
            && Processes.Signal(pid, Alarm)
                ? ExitCode.Success
                : throw new ConfigurationException("no qmail-send runs", ExitCode.Permanent);

    private static int Select(ProgramContext context, QueueVerb verb, string[] words) =>
        QueueOptions.Read(verb, words) is { } options
            ? QueueVerbs.Run(context, verb, options)
            : Say(2, Usage, ExitCode.Permanent);

    private static int Import(ProgramContext context, string directory)
    {
        ImportAsOwner(context, directory);
        Action<ulong, byte[]>? bounces = context.Environment[BouncesVariable] is null
            || !Fd.IsInherited(Bounces)
                ? null
                : (number, text) => ImportedBounce.Send(Bounces, number, text);
        using QueueImport import = new(
            context.Home, directory, line => Say(2, line + "\n", 0), bounces);
        import.Run();
        Say(1, $"{import.Imported} messages imported, {import.Known} were here before, "
            + $"{import.SetAside} stay in {directory}\n", 0);
        if (import.Leftovers > 0)
        {
            Say(1, $"{import.Leftovers} files of {directory} are of no message that was accepted "
                + "and is unfinished\n", 0);
        }

        return import.SetAside == 0 ? ExitCode.Success : ExitCode.Permanent;
    }

    /// <summary>Root begins again as the owner of queue/mess, who may besides read every file, the
    /// other queue's. What goes to queue/bounce, the owner of that writes.</summary>
    private static void ImportAsOwner(ProgramContext context, string directory)
    {
        if (ProcessIdentity.ForWorkIn(context.In("queue/mess")) is not { } owner)
        {
            return;
        }

        ProcessStart again = ProcessStart.Own(
            context, "kopis", "queue"u8.ToArray(), "import"u8.ToArray(),
            Encoding.UTF8.GetBytes(directory));
        string bounce = context.In("queue/bounce");
        if (ProcessIdentity.ForWorkIn(bounce) is { } writer)
        {
            (int ours, int theirs) = Fd.SocketPair();
            _ = OwnerWork.Start(writer, theirs, StandardError, "bounces", bounce);
            Fd.Close(theirs);
            Descriptors.Place((ours, Bounces));
            again.Environment[BouncesVariable] = [];
        }

        (owner with { MayReadAll = true }).Exec(again);
    }

    private static int Export(ProgramContext context, string directory)
    {
        using QueueExport export = new(context.Home, directory);
        int count = export.Run();
        return Say(1, $"{count} messages exported; they are in {context.In("queue")} too, so let "
            + "only one of the two be delivered\n", ExitCode.Success);
    }

    private static MessageFile Open(ProgramContext context, ulong number)
    {
        try
        {
            return MessageFile.Open(context.In("queue/mess"), number);
        }
        catch (MessageNotFoundException e)
        {
            throw new ConfigurationException(e.Message, e, ExitCode.Permanent);
        }
    }

    private static ulong Number(string text) =>
        MessageNumber.TryParse(Encoding.UTF8.GetBytes(text), out ulong number)
            ? number
            : throw new ConfigurationException(
                $"not a message number: {text}", ExitCode.Permanent);

    private static string Safe(ReadOnlyMemory<byte> address) => LogText.Safe(address.Span);

    private static int Say(int fd, string text, int code)
    {
        Fd.WriteAll(fd, ByteText.ToBytes(text));
        return code;
    }
}
