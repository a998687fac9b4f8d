using System.Globalization;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.Bounces;

/// <summary>queue/bounce for administrators' programs, which only read it. A file that does not
/// belong to the directory's owner, or is not regular, counts as unreadable.</summary>
/// <param name="home">The home.</param>
/// <param name="addresses">How recipients are routed at present.</param>
public sealed class StoredBounces(string home, AddressMap addresses) : IDisposable
{
    private readonly Beneath _queue = new(Path.Combine(home, "queue"));

    /// <summary>Whether a recipient of the message has failed.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool HasFailure(ulong number) => Read(number).Any(record => record.IsFailure);

    /// <summary>The failures of a message in qmail's form, in pieces.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IEnumerable<byte[]> Text(MessageFile message)
    {
        List<ReadOnlyMemory<byte>> recipients = [.. message.Envelope.Recipients];
        return FailedRecipients.Text(Read(message.Number), recipients.Count, index =>
            [.. addresses.WithoutPrepend(addresses.Route(recipients[index].Span, out _))]);
    }

    /// <summary>All records of a message.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IEnumerable<BounceRecord> Read(ulong number)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"bounce/{number}");
        int fd = _queue.TryOpen(
            name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            if (errno != Errno.NoEntry)
            {
                throw new PosixException($"read queue/{name}", errno);
            }

            yield break;
        }

        try
        {
            FileStatus status = Fd.Status(fd);
            if (!status.IsRegular || status.Uid != _queue.TryStatus("bounce")?.Uid)
            {
                throw new PosixException($"read queue/{name}", Errno.NotPermitted);
            }

            foreach (BounceRecord record in BounceReader.Read(FileSystem.Real, fd))
            {
                yield return record;
            }
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();
}
