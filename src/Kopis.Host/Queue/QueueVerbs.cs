using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Host.Queue;

/// <summary>Commands about messages and recipients: to qmail-send while it runs, else to the files
/// of the queue.</summary>
internal static class QueueVerbs
{
    private const string AskedByVariable = "KOPIS_ASKED_BY";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs one.</summary>
    /// <returns>The exit code.</returns>
    internal static int Run(ProgramContext context, QueueVerb verb, QueueOptions options)
    {
        GoOnAsOwner(context);
        QueueRequest request = new(verb, options.Selection)
        {
            IsDry = options.IsDry,
            Text = options.Text,
            To = options.To,
            Via = options.Via,
            AskedBy = AskedBy(context),
        };
        if (verb == QueueVerb.List)
        {
            using QueueJson json = new();
            List(context, request, options.IsJson ? json : new QueueText());
            return ExitCode.Success;
        }

        using QueueCommandConnection? send =
            QueueCommandConnection.TryConnect(context.Home, Patience);
        QueueCounts counts = send is not null ? Change(context, request, send)
            : verb is QueueVerb.Hold or QueueVerb.Release or QueueVerb.Remove
                ? new QueueFiles(context).Change(request)
            : throw new ConfigurationException(
                "no qmail-send runs: start Kopis, and give the command again",
                ExitCode.Permanent);
        byte[] said = options.IsJson
            ? QueueJson.Of(verb, options.IsDry, counts)
            : ByteText.ToBytes(Describe(request, counts));
        Fd.WriteAll(1, said);
        return counts.Failed > 0 ? ExitCode.Temporary : ExitCode.Success;
    }

    /// <summary>What qmail-send knows of a message's recipients; empty where none runs, or does
    /// not know it.</summary>
    internal static Dictionary<uint, ListedRecipient> Ask(ProgramContext context, ulong number)
    {
        Dictionary<uint, ListedRecipient> found = [];
        using QueueCommandConnection? send =
            QueueCommandConnection.TryConnect(context.Home, Patience);
        send?.Ask(new QueueRequest(QueueVerb.List, new QueueSelection { Numbers = [number] }),
            (kind, content) =>
            {
                if (kind == QueueFrame.Recipient
                    && ListedRecipient.Parse(content.Span) is { } recipient)
                {
                    found[recipient.Index] = recipient;
                }
            });
        return found;
    }

    /// <summary>Root goes on as the owner of queue/state, who may put links there for root; and
    /// says for whom it asks.</summary>
    internal static void GoOnAsOwner(ProgramContext context)
    {
        string state = context.In("queue/state");
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(state), out _) is not null
            && ProcessIdentity.ForWorkIn(state) is { } owner)
        {
            ProcessStart again = ProcessStart.Own(
                context, "kopis", [ByteText.ToBytes(context.Name), .. context.Arguments]) with
            {
                Directory = null,
            };
            again.Environment[AskedByVariable] = "0"u8.ToArray();
            owner.Exec(again);
        }
    }

    /// <summary>For whom the program asks.</summary>
    internal static uint AskedBy(ProgramContext context) =>
        uint.TryParse(
            ByteText.ToText(context.Environment[AskedByVariable]), NumberStyles.None,
            CultureInfo.InvariantCulture, out uint uid)
            ? uid
            : Processes.EffectiveUid;

    private static void List(ProgramContext context, QueueRequest request, IQueueView view)
    {
        using QueueCommandConnection? send =
            QueueCommandConnection.TryConnect(context.Home, Patience);
        if (send is null)
        {
            new QueueFiles(context).List(request.Selection, view);
            return;
        }

        send.Ask(request, (kind, content) =>
        {
            if (kind == QueueFrame.Message && ListedMessage.Parse(content.Span) is { } message)
            {
                view.Message(message);
            }
            else if (kind == QueueFrame.Recipient
                && ListedRecipient.Parse(content.Span) is { } recipient)
            {
                view.Recipient(recipient);
            }
        });
        view.End();
    }

    private static QueueCounts Change(
        ProgramContext context, QueueRequest request, QueueCommandConnection send)
    {
        RequireThere(context, request);
        QueueCounts counts = default;
        send.Ask(request, (kind, content) =>
        {
            if (QueueCounts.Parse(content.Span) is { } said)
            {
                counts = said;
                if (kind == QueueFrame.Progress)
                {
                    Fd.WriteAll(2, ByteText.ToBytes(
                        $"{said.Looked} of {said.LookedOf} messages looked at\n"));
                }
            }
        });
        return counts;
    }

    /// <summary>Of messages that are named, all must be there, or nothing is done.</summary>
    private static void RequireThere(ProgramContext context, QueueRequest request)
    {
        HashSet<ulong> missing = [.. request.Selection.Numbers];
        if (missing.Count == 0)
        {
            return;
        }

        using QueueCommandConnection? send =
            QueueCommandConnection.TryConnect(context.Home, Patience);
        send?.Ask(new QueueRequest(QueueVerb.List, request.Selection), (kind, content) =>
        {
            if (kind == QueueFrame.Message && ListedMessage.Parse(content.Span) is { } message)
            {
                missing.Remove(message.Number);
            }
        });
        QueueFiles.RequireNone(missing);
    }

    private static string Describe(QueueRequest request, QueueCounts counts)
    {
        string done = request.Verb switch
        {
            QueueVerb.Hold => "held",
            QueueVerb.Release => "released",
            QueueVerb.Retry => "due now",
            QueueVerb.Bounce => "bounced",
            QueueVerb.Remove => "removed",
            _ => "rerouted",
        };
        string running = request.Verb switch
        {
            QueueVerb.Reroute when request.Via is not null =>
                "its result counts, and the next try goes the other way",
            QueueVerb.Remove => "its result is only logged",
            QueueVerb.Bounce or QueueVerb.Reroute =>
                "its result counts, and if it is deferred the recipient is held: then give the "
                + "command again",
            _ => "its result counts",
        };
        string text = $"{counts.Recipients} recipients of {counts.Messages} messages "
            + $"{(request.IsDry ? "would be " : "")}{done}\n";
        text += counts.Running == 0 ? ""
            : $"{counts.Running} have a delivery that runs: it is let finish, {running}\n";
        return text + (counts.Failed == 0 ? ""
            : $"{counts.Failed} failed: see the log of qmail-send\n");
    }
}
