namespace Kopis.Send.Scheduling;

/// <summary>States of many recipients, two bits each, in pages. A page is made when the state of
/// one of its recipients first changes, and freed when all of them are done.</summary>
internal sealed class RecipientStates
{
    private const int PerByte = 4;
    private const int PageBytes = 1024;
    private const int PerPage = PageBytes * PerByte;

    private static readonly byte[] AllDone = MakeAllDone();

    private byte[]?[] _pages = [];
    private ushort[] _done = []; // How many recipients of each page are done.

    /// <summary>How many recipients are done.</summary>
    internal int DoneCount { get; private set; }

    internal RecipientState this[int index]
    {
        get
        {
            int page = index / PerPage;
            byte[]? bytes = page < _pages.Length ? _pages[page] : null;
            return bytes is null
                ? RecipientState.ToDo
                : (RecipientState)((bytes[index % PerPage / PerByte] >> Shift(index)) & 3);
        }

        set
        {
            RecipientState before = this[index];
            if (before != value && before != RecipientState.Done)
            {
                Set(index, value);
            }
        }
    }

    /// <summary>Makes deferred recipients deliverable again.</summary>
    internal void ForgetDeferrals()
    {
        foreach (byte[]? page in _pages)
        {
            if (page is null || page == AllDone)
            {
                continue;
            }

            // Deferred is the state with both bits set; other states are not changed.
            for (int i = 0; i < page.Length; i++)
            {
                int both = page[i] & (page[i] >> 1) & 0x55;
                page[i] &= (byte)~(both | (both << 1));
            }
        }
    }

    private static int Shift(int index) => 2 * (index % PerByte);

    private static byte[] MakeAllDone()
    {
        byte[] page = new byte[PageBytes];
        Array.Fill(page, (byte)((int)RecipientState.Done * 0x55));
        return page;
    }

    private void Set(int index, RecipientState value)
    {
        int page = index / PerPage;
        if (page >= _pages.Length)
        {
            Array.Resize(ref _pages, page + 1);
            Array.Resize(ref _done, page + 1);
        }

        byte[] bytes = _pages[page] ??= new byte[PageBytes];
        int at = index % PerPage / PerByte;
        bytes[at] = (byte)((bytes[at] & ~(3 << Shift(index))) | ((int)value << Shift(index)));
        if (value == RecipientState.Done)
        {
            DoneCount++;
            _done[page]++;
            if (_done[page] == PerPage)
            {
                _pages[page] = AllDone;
            }
        }
    }
}
