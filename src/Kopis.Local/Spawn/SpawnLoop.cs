using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Local;

/// <summary>
/// Root's half of qmail-lspawn: whose an address is, and a qmail-local of that user for it. It sees
/// neither messages nor reports, which go between the other half (<see cref="OrderLoop"/>) and the
/// qmail-local. One thread; waits in poll(2) only.
/// </summary>
/// <remarks>The other half asks in packets: u32 id, the address. All that gives a delivery its
/// rights is looked up here, the user, the home, the instructions, and granted to the qmail-local
/// under that id (<see cref="LocalChannel"/>), before the answer.</remarks>
/// <param name="context">The program's.</param>
/// <param name="defaultDelivery">The instructions of users who have none.</param>
/// <param name="getpwUser">Who runs qmail-getpw; null: all of Kopis is one user, and each delivery
/// runs as that.</param>
/// <param name="asked">Where the other half asks.</param>
internal sealed class SpawnLoop(
    ProgramContext context, byte[] defaultDelivery, UnixUser? getpwUser, int asked)
{
    /// <summary>The longest address that is taken.</summary>
    internal const int AddressBytesMax = Queue.DeliveryCommand.FieldBytesMax;

    private readonly record struct Search(GetpwChild Child, byte[] Question);

    private readonly RecipientLookup _lookup = new(context.Home, getpwUser is not null);
    private readonly WarmLocals _locals = new(context, getpwUser is not null, TimeProvider.System);
    private readonly List<Search> _searches = [];
    private readonly byte[] _packet = new byte[LocalChannel.IdBytes + AddressBytesMax + 1];

    /// <summary>Runs until the other half has hung up.</summary>
    internal void Run()
    {
        Poller poller = new();
        try
        {
            while (Turn(poller))
            {
                _locals.Sweep();
            }
        }
        catch (PosixException)
        {
            // The other half has ended in the midst of a question.
        }
    }

    private bool Turn(Poller poller)
    {
        Search[] searches = [.. _searches];
        poller.Clear();
        poller.Add(asked, read: true);
        Array.ForEach(searches, search => poller.Add(search.Child.Descriptor, read: true));
        if (!poller.Wait(_locals.SweepWithin))
        {
            return true;
        }

        for (int i = 0; i < searches.Length; i++)
        {
            if (poller.IsReady(1 + i))
            {
                Continue(searches[i]);
            }
        }

        return !poller.IsReady(0) || Take();
    }

    /// <summary>An address at its last <c>@</c>.</summary>
    internal static (byte[] Local, byte[] Domain) Split(ReadOnlySpan<byte> address)
    {
        int at = address.LastIndexOf((byte)'@');
        return (address[..Math.Max(0, at)].ToArray(), address[(at + 1)..].ToArray());
    }

    /// <returns>False at the end, or where what came is no question.</returns>
    private bool Take()
    {
        int got = Fd.Read(asked, _packet);

        // A NUL would move the fields that follow it.
        if (got <= LocalChannel.IdBytes || got == _packet.Length
            || _packet.AsSpan(LocalChannel.IdBytes, got - LocalChannel.IdBytes).Contains((byte)0))
        {
            return false;
        }

        byte[] question = _packet[..got];
        (byte[] local, byte[] domain) = Split(question.AsSpan(LocalChannel.IdBytes));
        LookupResult found = _lookup.Find(local, domain);
        if (found != LookupResult.Nobody || getpwUser is null)
        {
            Answer(question, found);
            return true;
        }

        try
        {
            _searches.Add(new Search(new GetpwChild(context, getpwUser, local), question));
        }
        catch (PosixException)
        {
            Answer(question, LookupResult.Trouble(SpawnCode.CannotRunGetpw));
        }

        return true;
    }

    private void Continue(Search search)
    {
        if (search.Child.Read() is { } result)
        {
            _searches.Remove(search);
            Answer(search.Question, _lookup.Check(result));
        }
    }

    private void Answer(byte[] question, LookupResult found)
    {
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(question);
        RootReply reply = new(id, 0, (byte)found.Code);
        int socket = -1;
        if (found.User is { } user)
        {
            // qmail-local's eight arguments; the sender is not ours to say.
            (byte[] local, byte[] domain) = Split(question.AsSpan(LocalChannel.IdBytes));
            reply = _locals.Grant(user, id, out socket,
            [
                .. question[..LocalChannel.IdBytes], .. user.Name, 0, .. user.Home, 0, .. local, 0,
                .. user.Dash, 0, .. user.Ext, 0, .. domain, 0, 0,
                .. user.Instructions ?? defaultDelivery, 0,
            ]);
        }

        FdPassing.Send(asked, reply.Format(), socket);
        Fd.Close(socket);
    }
}
