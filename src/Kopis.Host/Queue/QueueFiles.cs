using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Queue;

/// <summary>Commands while no qmail-send runs: what the files of the queue say, and changes under
/// qmail-send's own lock.</summary>
internal sealed class QueueFiles(ProgramContext context)
{
    private readonly AddressMap _addresses = AddressMap.Read(ControlDirectory.Of(context));
    private readonly long _now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Shows what matches.</summary>
    internal void List(QueueSelection selection, IQueueView view)
    {
        foreach ((ListedMessage message, List<ListedRecipient> recipients, _) in
            Matching(QueueListing.Read(context.Home), selection))
        {
            view.Message(message);
            recipients.ForEach(view.Recipient);
        }

        view.End();
    }

    /// <summary>Holds, releases or removes what matches: all of it or, where a message is not
    /// there, nothing.</summary>
    /// <exception cref="ConfigurationException">That fails.</exception>
    internal QueueCounts Change(QueueRequest request)
    {
        QueueCounts counts = default;
        StoppedQueue.Change(context.Home, queue =>
        {
            List<StateRecord> records = [];
            HashSet<ulong> missing = [.. request.Selection.Numbers];
            foreach ((ListedMessage message, List<ListedRecipient> recipients, int left) in
                Matching(queue, request.Selection))
            {
                missing.Remove(message.Number);
                int acted = Add(records, request.Verb, message.Number, recipients, left);
                counts = counts with
                {
                    Messages = counts.Messages + (acted > 0 ? 1u : 0),
                    Recipients = counts.Recipients + (ulong)acted,
                };
            }

            RequireNone(missing);
            return request.IsDry ? [] : records;
        });
        return counts;
    }

    /// <exception cref="ConfigurationException">There is one.</exception>
    internal static void RequireNone(IEnumerable<ulong> missing)
    {
        foreach (ulong number in missing.Order())
        {
            throw new ConfigurationException(
                $"message {number} is not in the queue, or nothing of it matches",
                ExitCode.Permanent);
        }
    }

    /// <summary>Recipients that match and are not done, and how many of the message are not.
    /// </summary>
    private IEnumerable<(ListedMessage Message, List<ListedRecipient> Recipients, int Left)>
        Matching(QueueListing queue, QueueSelection selection)
    {
        foreach ((MessageFile file, SavedMessage? saved) in queue.Messages())
        {
            using (file)
            {
                long born = file.Arrived.ToUnixTimeSeconds();
                byte[] sender = file.Envelope.Sender.ToArray();
                if (!selection.MatchesMessage(file.Number, sender, _now - born))
                {
                    continue;
                }

                List<ListedRecipient> left = Left(file, saved, queue.Routes);
                List<ListedRecipient> matching = left.FindAll(one => !selection.HasRecipients
                    || selection.MatchesRecipient(one.Address)
                    || selection.MatchesRecipient(_addresses.WithoutPrepend(one.Address)));
                if (matching.Count > 0)
                {
                    ListedMessage message = new(file.Number, born, file.Uid, sender);
                    yield return (message, matching, left.Count);
                }
            }
        }
    }

    private List<ListedRecipient> Left(
        MessageFile file, SavedMessage? saved, StateRoutes routes)
    {
        HashSet<int> done = [.. saved?.Done ?? []];
        List<ListedRecipient> left = [];
        int index = 0;
        foreach (ReadOnlyMemory<byte> recipient in file.Envelope.Recipients)
        {
            if (!done.Contains(index))
            {
                byte[] address = _addresses.Route(recipient.Span, out bool isLocal);
                bool isHeld = saved?.Held?.Contains(index) == true;
                left.Add(new ListedRecipient(
                    (uint)index, isHeld ? ListedState.Held : ListedState.ToDo, isLocal, address)
                {
                    NextTry = isHeld ? 0 : (isLocal ? saved?.LocalDue : saved?.RemoteDue) ?? 0,
                    Via = routes.Find(saved?.Routes?.Of(index) ?? StateRoutes.Usual) ?? [],
                });
            }

            index++;
        }

        return left;
    }

    private static int Add(
        List<StateRecord> records, QueueVerb verb, ulong number,
        List<ListedRecipient> recipients, int left)
    {
        int before = records.Count;
        foreach (ListedRecipient recipient in recipients)
        {
            bool isHeld = recipient.State == ListedState.Held;
            if (verb != QueueVerb.Remove && isHeld == (verb == QueueVerb.Hold))
            {
                continue;
            }

            StateKind kind = verb == QueueVerb.Remove ? StateKind.Done
                : verb == QueueVerb.Hold ? StateKind.Hold
                : StateKind.Release;
            records.Add(new StateRecord(kind, number, recipient.Index));
        }

        int acted = records.Count - before;
        if (verb == QueueVerb.Remove && acted == left)
        {
            records.Add(new StateRecord(StateKind.End, number, 0));
        }

        return acted;
    }
}
