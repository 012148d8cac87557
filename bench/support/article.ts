/** An ordinary text to summarise; written for this benchmark. */
export const article = `The town of Harlow Bay has decided to keep its old lighthouse. For nearly three years the council had argued
about the building, which was put up in 1874 and has not guided a ship since 1988, when the harbour received an automatic
beacon. Repairs were estimated at four hundred thousand pounds, and several members of the council wanted to pull the tower down
and build holiday flats in its place.

On Tuesday evening the council voted nine to four to repair the lighthouse instead. The decision came after a campaign by the
people of the town, who collected more than six thousand signatures and raised ninety thousand pounds with concerts, a book of
old photographs, and a weekly market on the quay. The rest of the money will come from a national fund for old buildings, which
agreed last month to pay half of the cost, and from a loan that the town will pay back over fifteen years.

Margaret Ellis, a retired teacher who started the campaign, said that the lighthouse belonged to everybody. "My grandfather was
the last keeper but one," she said. "Children here draw the lighthouse before they can write the name of the town. We could not
let it become a car park for holiday flats." She thanked the fishermen of the harbour, who had carried visitors round the tower
in their boats all summer without taking any money for it.

Not everyone agrees. Peter Marsh, who voted against the plan, said that the loan was too large for a small town and that the roof
of the primary school had to be repaired first. "A lighthouse without a light is a very expensive ornament," he said.

Work will begin in March. The stairs and the lamp room will be repaired first, and a small museum about the harbour will open on
the ground floor in the following summer. The town hopes that twenty thousand people will visit the lighthouse every year, and
that what they pay will cover the loan and the wages of four guides.`;
