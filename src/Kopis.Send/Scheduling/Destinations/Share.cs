namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients of one pass at one domain that wait for their turn, by their indices: 64
/// bytes, and 4 to 8 for each but the first.</summary>
internal sealed class Share(Pass pass, DomainEntry domain, bool isAlone)
{
    private int _first;
    private int[]? _others;
    private int _added;
    private int _taken;

    internal Pass Pass { get; } = pass;

    internal DomainEntry Domain { get; } = domain;

    /// <summary>Each of its recipients goes by itself.</summary>
    internal bool IsAlone { get; } = isAlone;

    /// <summary>The way that its one recipient has been given; null: the usual one.</summary>
    internal byte[]? Route { get; init; }

    /// <summary>Null while its domain's destination is not known.</summary>
    internal Destination? Destination { get; set; }

    /// <summary>The next share of the same pass.</summary>
    internal Share? NextOfPass { get; set; }

    /// <summary>Recipients that wait no more.</summary>
    internal int Taken => _taken;

    /// <summary>Recipients that wait.</summary>
    internal int Count => _added - _taken;

    internal void Add(int recipient)
    {
        if (_added == 0)
        {
            _first = recipient;
        }
        else
        {
            _others ??= new int[1];
            if (_added > _others.Length)
            {
                Array.Resize(ref _others, 2 * _others.Length);
            }

            _others[_added - 1] = recipient;
        }

        _added++;
    }

    internal int Dequeue() => this[_taken++];

    /// <summary>One of those that wait.</summary>
    internal int Peek(int place) => this[_taken + place];

    private int this[int place] => place == 0 ? _first : _others![place - 1];
}
